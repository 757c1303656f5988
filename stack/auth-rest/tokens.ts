import type { PostgresConnection } from '@supabase/lite/postgres'
import { decodeJwt, SignJWT } from 'jose'
import { assuranceOf, factorsOf } from './factors.ts'

/**
 * Hosted access tokens name their issuer and carry the user's metadata; lite's do not, and a verifier
 * that pins the issuer would refuse them. So tokens are signed again on their way out.
 */
export async function withHostedClaims(
  response: Response,
  jwtSecret: string,
  issuer: string,
  connection: PostgresConnection,
): Promise<Response> {
  if (!response.ok || !response.headers.get('content-type')?.includes('application/json')) return response
  const text = await response.text()
  const body: unknown = JSON.parse(text)
  const headers = new Headers(response.headers)
  headers.delete('content-length')
  const user = isSession(body) ? body.user : isUser(body) ? body : undefined
  if (user?.id) user.factors = await factorsOf(connection, user.id)
  if (!isSession(body))
    return new Response(user ? JSON.stringify(body) : text, { status: response.status, headers })
  const claims = decodeJwt(body.access_token)
  body.access_token = await new SignJWT({
    ...claims,
    iss: issuer,
    phone: body.user?.phone ?? '',
    app_metadata: body.user?.app_metadata ?? {},
    user_metadata: body.user?.user_metadata ?? {},
    ...(await assuranceOf(connection, claims.session_id)),
    is_anonymous: false,
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(new TextEncoder().encode(jwtSecret))
  return new Response(JSON.stringify(body), { status: response.status, headers })
}

interface Session {
  access_token: string
  user?: User
}

interface User {
  id?: string
  phone?: unknown
  app_metadata?: unknown
  user_metadata?: unknown
  factors?: object[]
}

function isSession(body: unknown): body is Session {
  return typeof (body as Session | null)?.access_token === 'string'
}

/** The answer of /auth/v1/user is the user alone. */
function isUser(body: unknown): body is User {
  const { id, aud } = (body ?? {}) as { id?: unknown; aud?: unknown }
  return typeof id === 'string' && typeof aud === 'string'
}
