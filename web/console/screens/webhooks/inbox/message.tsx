import { useEffect, useState } from 'react'
import type { PolledMessage } from '../../../api/webhooks.ts'
import { Select } from '../../../parts/choice.tsx'
import { Code } from '../../../parts/code.tsx'
import { Facts } from '../../../parts/facts.tsx'
import { Quiet, Row } from '../../../parts/list.tsx'
import { Moment, numberOf } from '../../../parts/when.tsx'
import { readable } from '../readable.ts'
import { happen, type Mishap, mishaps } from './mishaps.ts'
import { type Verdict, verify } from './verify.ts'
import { words } from './words/words.ts'

/** Somebody may look at it for hours. */
const arrivedAt = ({ arrived_at }: PolledMessage) => new Date(arrived_at)

/** A message as it came, and whether its signature fits; also if something had happened to it on the way. */
export function Message({ message, secret }: { message: PolledMessage; secret: string }) {
  const [mishap, setMishap] = useState<Mishap>('none')
  const [verdict, setVerdict] = useState<Verdict>()
  const { altered, ...received } = happen(mishap, { message, secret, at: arrivedAt(message) })
  useEffect(() => {
    let isOver = false
    const now = happen(mishap, { message, secret, at: arrivedAt(message) })
    void verify(now.secret, now.message, now.at).then((found) => {
      if (!isOver) setVerdict(found)
    })
    return () => {
      isOver = true
    }
  }, [mishap, message, secret])
  return (
    <Row
      label={message.id}
      main={
        <>
          <strong>{message.event_type}</strong>
          <p role="status">{verdict && words.verdicts[verdict]}</p>
          {altered && (
            <Quiet>{words.altered(numberOf(altered.position + 1), altered.from, altered.to)}</Quiet>
          )}
          <Select
            label={words.onTheWay}
            options={mishaps.map((each) => [each, words.mishaps[each]] as const)}
            value={mishap}
            onValue={setMishap}
          />
          <Facts
            of={[
              ...Object.entries(message.headers).map(
                ([name, value]) => [name, <code key={name}>{value}</code>] as const,
              ),
              [words.made, <Moment key="made" at={message.created_at} />],
            ]}
          />
          <Code>{readable(received.message.payload)}</Code>
        </>
      }
    />
  )
}
