import { Problem } from '../../db/index.ts'
import type { SigningSecret } from './schema.ts'
import { makeSigningSecret, parseSigningSecret, publicKeyOf, type SigningSecretKind } from './signature.ts'

interface Wish {
  secret?: string | undefined
  scheme?: SigningSecretKind | undefined
}

/** The secret somebody brought, or a new one of the scheme they want. 422 invalid_value for one that cannot sign. */
export function chooseSecret({ secret, scheme }: Wish, usual: SigningSecretKind): string {
  if (secret === undefined) return makeSigningSecret(scheme ?? usual)
  const { kind } = parseSigningSecret(secret)
  if (scheme === undefined || scheme === kind) return secret
  throw new Problem('invalid_value', 'The secret is one of the other scheme.', {
    errors: [{ pointer: '/secret', detail: `must be a secret for ${scheme}` }],
  })
}

/** A secret, with what receivers need of it. */
export function shownSecret(secret: string): SigningSecret {
  return { secret, public_key: secret.startsWith('whsk_') ? publicKeyOf(secret) : null }
}
