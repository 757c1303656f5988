import { z } from 'zod'
import { NetFault, parsePublicUrl } from '../../net/index.ts'
import { ask, IdpFault, jsonOf, type Reach } from './fault.ts'
import { signatureAlgorithms, usableKeys } from './keys.ts'
import { type ClientOutcome, checkClient } from './oidc-client.ts'

/** What OpenID Connect Discovery 1.0 requires of a provider, and what we need of the rest. */
const Discovery = z.looseObject({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  jwks_uri: z.string(),
  userinfo_endpoint: z.string().optional(),
  end_session_endpoint: z.string().optional(),
  response_types_supported: z.array(z.string()),
  id_token_signing_alg_values_supported: z.array(z.string()),
  token_endpoint_auth_methods_supported: z.array(z.string()).default(['client_secret_basic']),
})
type Discovery = z.infer<typeof Discovery>

const Jwks = z.looseObject({ keys: z.array(z.unknown()).max(100) })

export interface OidcFindings {
  authorization_endpoint: string
  token_endpoint: string
  jwks_uri: string
  userinfo_endpoint?: string | undefined
  signing_algorithms: string[]
  keys: { kid: string | null; kty: string }[]
  client: ClientOutcome
  warnings: string[]
}

/**
 * Checks an OpenID provider by asking it: its discovery document names exactly this issuer, every endpoint
 * is a public https URL, it offers the code flow, and it signs with a safe algorithm and a safe key.
 * Throws IdpFault.
 */
export async function checkOidc(
  settings: { issuer: string; client_id: string },
  secret: string | null,
  reach: Reach = {},
): Promise<OidcFindings> {
  const discovery = await discover(settings.issuer, reach)
  const offered = discovery.id_token_signing_alg_values_supported
  const algorithms = signatureAlgorithms.filter((algorithm) => offered.includes(algorithm))
  if (algorithms.length === 0)
    throw new IdpFault(`The provider signs with ${list(offered)}; accepted are ${list(signatureAlgorithms)}.`)
  const { keys, refusals } = await usableKeys(await fetchKeys(discovery.jwks_uri, reach), algorithms)
  if (keys.length === 0) {
    const why = refusals.length > 0 ? ` ${refusals.join(' ')}` : ''
    throw new IdpFault(`The provider publishes no key that its signatures could be checked with.${why}`)
  }
  const client =
    secret === null ? 'no secret' : await checkClient(discovery, settings.client_id, secret, reach)
  return {
    authorization_endpoint: discovery.authorization_endpoint,
    token_endpoint: discovery.token_endpoint,
    jwks_uri: discovery.jwks_uri,
    userinfo_endpoint: discovery.userinfo_endpoint,
    signing_algorithms: algorithms,
    keys,
    client,
    warnings: [
      ...refusals,
      ...(client === 'unknown' ? ['Whether the client secret is right could not be found out.'] : []),
    ],
  }
}

async function discover(issuer: string, reach: Reach): Promise<Discovery> {
  const what = 'The discovery document'
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const headers = { accept: 'application/json' }
  const parsed = Discovery.safeParse(jsonOf(what, await ask(what, url, reach, { headers })))
  if (!parsed.success) {
    const fields = parsed.error.issues.map(({ path }) => path.join('.') || 'everything')
    throw new IdpFault(`${what} lacks, or has in another shape: ${list([...new Set(fields)])}.`)
  }
  const discovery = parsed.data
  // Compared to the letter: a similar issuer could be another provider.
  if (discovery.issuer !== issuer)
    throw new IdpFault(`${what} is of the issuer ${shown(discovery.issuer)}, not of ${shown(issuer)}.`)
  for (const name of [
    'authorization_endpoint',
    'token_endpoint',
    'jwks_uri',
    'userinfo_endpoint',
    'end_session_endpoint',
  ] as const) {
    const endpoint = discovery[name]
    if (endpoint !== undefined) requirePublic(`The ${name}`, endpoint, reach)
  }
  if (!discovery.response_types_supported.includes('code'))
    throw new IdpFault('The provider does not offer the response type "code".')
  return discovery
}

async function fetchKeys(jwksUri: string, reach: Reach): Promise<unknown[]> {
  const what = 'The key set (jwks_uri)'
  const parsed = Jwks.safeParse(jsonOf(what, await ask(what, jwksUri, reach)))
  if (!parsed.success) throw new IdpFault(`${what} is not a JSON Web Key Set of at most 100 keys.`)
  return parsed.data.keys
}

/** Checks a URL that a provider publishes and that browsers or this server will open. */
export function requirePublic(what: string, url: string, reach: Reach): void {
  try {
    parsePublicUrl(url, reach.policy)
  } catch (thrown) {
    if (!(thrown instanceof NetFault)) throw thrown
    throw new IdpFault(`${what} cannot be used: ${thrown.message}`, { cause: thrown })
  }
}

const list = (values: readonly string[]): string => values.slice(0, 20).map(shown).join(', ') || 'nothing'
const shown = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)
