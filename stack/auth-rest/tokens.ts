import { decodeJwt, SignJWT } from 'jose'

/**
 * Hosted access tokens name their issuer and carry the user's metadata; lite's do not, and a verifier
 * that pins the issuer would refuse them. So tokens are signed again on their way out.
 */
export async function withHostedClaims(
  response: Response,
  jwtSecret: string,
  issuer: string,
): Promise<Response> {
  if (!response.ok || !response.headers.get('content-type')?.includes('application/json')) return response
  const text = await response.text()
  const body: unknown = JSON.parse(text)
  const headers = new Headers(response.headers)
  headers.delete('content-length')
  if (!isSession(body)) return new Response(text, { status: response.status, headers })
  const now = Math.floor(Date.now() / 1000)
  body.access_token = await new SignJWT({
    ...decodeJwt(body.access_token),
    iss: issuer,
    phone: body.user?.phone ?? '',
    app_metadata: body.user?.app_metadata ?? {},
    user_metadata: body.user?.user_metadata ?? {},
    aal: 'aal1',
    amr: [{ method: 'password', timestamp: now }],
    is_anonymous: false,
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(new TextEncoder().encode(jwtSecret))
  return new Response(JSON.stringify(body), { status: response.status, headers })
}

interface Session {
  access_token: string
  user?: { phone?: unknown; app_metadata?: unknown; user_metadata?: unknown }
}

function isSession(body: unknown): body is Session {
  return typeof (body as Session | null)?.access_token === 'string'
}
