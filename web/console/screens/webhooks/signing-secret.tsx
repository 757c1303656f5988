import { Secret } from '../../parts/secret.tsx'
import { words } from './words/words.ts'

interface Props {
  of: { secret: string; public_key: string | null }
  onDone: () => void
}

/** What a receiver verifies messages with: the secret that both have, or the public key alone. */
export function SigningSecret({ of: { secret, public_key: publicKey }, onDone }: Props) {
  return (
    <Secret
      title={publicKey ? words.publicKeyTitle : words.secretTitle}
      lead={publicKey ? words.publicKeyLead : words.secretLead}
      label={publicKey ? words.publicKeyTitle : words.secretTitle}
      secret={publicKey ?? secret}
      onDone={onDone}
    />
  )
}
