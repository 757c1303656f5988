import { Problem } from '../../db/index.ts'
import type { SigningSecret } from './schema.ts'
import { makeSigningSecret, parseSigningSecret, publicKeyOf, type SigningSecretKind } from './signature.ts'

interface Wish {
  secret?: string | undefined
  scheme?: SigningSecretKind | undefined
}

/** The given secret, or a new one of the given scheme. 422 invalid_value for a secret that cannot sign. */
export function chooseSecret({ secret, scheme }: Wish, usual: SigningSecretKind): string {
  if (secret === undefined) return makeSigningSecret(scheme ?? usual)
  const { kind } = parseSigningSecret(secret)
  if (scheme === undefined || scheme === kind) return secret
  throw new Problem('invalid_value', 'The secret is one of the other scheme.', {
    errors: [{ pointer: '/secret', detail: `must be a secret for ${scheme}` }],
  })
}

/** A secret, and what receivers need to verify with it. */
export function shownSecret(secret: string): SigningSecret {
  return { secret, public_key: secret.startsWith('whsk_') ? publicKeyOf(secret) : null }
}
