import { Buttons } from '../../parts/card.tsx'
import { Facts } from '../../parts/facts.tsx'
import { Copy } from '../../parts/secret.tsx'
import { words } from './words/words.ts'

interface Props {
  label: string
  type: string
  name: string
  value: string
}

/** A record to enter at a DNS provider. */
export function DnsRecord({ label, type, name, value }: Props) {
  return (
    <fieldset>
      <legend>{label}</legend>
      <Facts
        of={[
          [words.recordType, type],
          [words.recordName, <code key="name">{name}</code>],
          [words.recordValue, <code key="value">{value}</code>],
        ]}
      />
      <Buttons>
        <Copy text={name} label={words.copyName} />
        <Copy text={value} label={words.copyValue} />
      </Buttons>
    </fieldset>
  )
}
