import { importJWK, type JWK } from 'jose'
import { z } from 'zod'
import { IdpFault } from './fault.ts'

/** The accepted algorithms of ID tokens. All use public keys, so that nobody who can verify can also sign. */
export const signatureAlgorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
] as const

const fewestRsaBits = 2_048

const Key = z.looseObject({
  kty: z.string(),
  kid: z.string().optional(),
  use: z.string().optional(),
  alg: z.string().optional(),
  crv: z.string().optional(),
  n: z.string().optional(),
  d: z.string().optional(),
  key_ops: z.array(z.string()).optional(),
})
type Key = z.infer<typeof Key>

export interface UsableKeys {
  keys: { kid: string | null; kty: string }[]
  /** A sentence for each signing key that is not safe. */
  refusals: string[]
}

/** The keys of a set that can verify signatures of one of these algorithms. */
export async function usableKeys(set: unknown[], algorithms: readonly string[]): Promise<UsableKeys> {
  const found: UsableKeys = { keys: [], refusals: [] }
  for (const candidate of set) {
    const parsed = Key.safeParse(candidate)
    if (!parsed.success) continue
    const key = parsed.data
    // Everybody can read this key, so everybody could sign with it.
    if (key.d !== undefined || key.kty === 'oct')
      throw new IdpFault('The provider publishes a private key: whatever it signs can be forged.')
    const isForSigning = (key.use ?? 'sig') === 'sig' && (key.key_ops?.includes('verify') ?? true)
    const algorithm = algorithmOf(key)
    if (!isForSigning || algorithm === undefined || !algorithms.includes(algorithm)) continue
    const refusal = await weaknessOf(key, algorithm)
    if (refusal) found.refusals.push(refusal)
    else found.keys.push({ kid: key.kid?.slice(0, 200) ?? null, kty: key.kty })
  }
  return found
}

async function weaknessOf(key: Key, algorithm: string): Promise<string | undefined> {
  const name =
    key.kid === undefined ? 'A key' : `The key ${key.kid.replace(/[^\x21-\x7e]/g, '?').slice(0, 60)}`
  try {
    const imported = await importJWK(key as JWK, algorithm)
    const bits = imported instanceof CryptoKey ? modulusBits(imported) : undefined
    if (bits !== undefined && bits < fewestRsaBits)
      return `${name} has ${bits} bits; RSA needs ${fewestRsaBits}.`
    return undefined
  } catch {
    return `${name} cannot be read.`
  }
}

function modulusBits({ algorithm }: CryptoKey): number | undefined {
  return 'modulusLength' in algorithm ? Number(algorithm.modulusLength) : undefined
}

/** A key's algorithm, or the usual one for its type. */
function algorithmOf({ alg, kty, crv }: Key): string | undefined {
  if (alg !== undefined) return alg
  if (kty === 'RSA') return 'RS256'
  if (kty === 'OKP') return 'EdDSA'
  return { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' }[crv ?? '']
}
