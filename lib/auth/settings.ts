import process from 'node:process'
import type { JSONWebKeySet } from 'jose'
import { z } from 'zod'

const json = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    context.addIssue('is not JSON')
    return z.NEVER
  }
})
const keysByName = json.pipe(z.record(z.string(), z.string().min(20)))
const keySet = json.pipe(
  z.union([
    z.object({ keys: z.array(z.looseObject({ kty: z.string() })) }),
    z.array(z.looseObject({ kty: z.string() })).transform((keys) => ({ keys })),
  ]),
)

const Environment = z.object({
  SUPABASE_URL: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, '')),
  SUPABASE_SECRET_KEYS: keysByName.default({}),
  SUPABASE_JWKS: keySet.default({ keys: [] }),
  TENANTRY_JWT_SECRET: z.string().min(32).optional(),
  TENANTRY_KEY_PEPPER: z.string().min(32).optional(),
})

/** The settings with which a function recognises callers. The names are those of a hosted project. */
export interface AuthSettings {
  /** The project's URL, without a slash at the end. */
  supabaseUrl: string
  /** Every key that makes a caller the service. */
  secretKeys: string[]
  /** The project's public signing keys. If empty, they are fetched. */
  jwks: JSONWebKeySet
  /** Only for projects that still sign with a shared secret, and for the embedded stack. */
  jwtSecret: string | undefined
  /** The key of the HMAC by which API keys are looked up. It is not in the database, so a leaked dump alone cannot verify keys. */
  keyPepper?: string | undefined
}

let settings: AuthSettings | undefined

/** Read once, on the first request with a credential. Throws if the environment is wrong. */
export function authSettings(): AuthSettings {
  if (settings) return settings
  const env = Environment.parse(process.env)
  settings = {
    supabaseUrl: env.SUPABASE_URL,
    secretKeys: Object.values(env.SUPABASE_SECRET_KEYS),
    jwks: env.SUPABASE_JWKS,
    jwtSecret: env.TENANTRY_JWT_SECRET,
    keyPepper: env.TENANTRY_KEY_PEPPER,
  }
  return settings
}
