import { Buffer } from 'node:buffer'
import { z } from 'zod'
import { ask, IdpFault, type Reach } from './fault.ts'

/** accepted: the provider knows the client and its secret. unknown: it did not say. */
export type ClientOutcome = 'accepted' | 'unknown' | 'no secret'

interface TokenEndpoint {
  token_endpoint: string
  token_endpoint_auth_methods_supported: string[]
}

const Refusal = z.looseObject({ error: z.string() })

/**
 * Redeems a code that was never issued. A provider authenticates the client first (RFC 6749, 3.2.1), so
 * invalid_grant says that id and secret are right, and invalid_client that they are not.
 */
export async function checkClient(
  endpoint: TokenEndpoint,
  clientId: string,
  secret: string,
  reach: Reach,
): Promise<ClientOutcome> {
  const methods = endpoint.token_endpoint_auth_methods_supported
  const isBasic = methods.includes('client_secret_basic')
  if (!isBasic && !methods.includes('client_secret_post')) return 'unknown'
  const form = new URLSearchParams({
    grant_type: 'authorization_code',
    code: crypto.randomUUID(),
    redirect_uri: 'https://check.invalid/callback',
    ...(!isBasic && { client_id: clientId, client_secret: secret }),
  })
  const answer = await ask('The token endpoint', endpoint.token_endpoint, reach, {
    method: 'POST',
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      ...(isBasic && { authorization: basic(clientId, secret) }),
    },
    body: form.toString(),
  })
  const error = errorOf(answer.bytes)
  if (error === 'invalid_client' || answer.status === 401)
    throw new IdpFault('The provider does not know this client id with this secret.')
  return error === 'invalid_grant' ? 'accepted' : 'unknown'
}

function errorOf(bytes: Uint8Array): string | undefined {
  try {
    return Refusal.parse(JSON.parse(new TextDecoder().decode(bytes))).error
  } catch {
    return undefined
  }
}

/** Both parts are form-encoded first (RFC 6749, 2.3.1): a colon in an id would otherwise end it. */
function basic(id: string, secret: string): string {
  const encode = (text: string) => new URLSearchParams({ x: text }).toString().slice(2)
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64')}`
}
