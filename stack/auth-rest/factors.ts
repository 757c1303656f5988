import type { PostgresConnection } from '@supabase/lite/postgres'
import { jwtVerify } from 'jose'
import { z } from 'zod'
import type { AuthSettings } from './settings.ts'
import { isCode, newSecret } from './totp.ts'

type Answer = (request: Request) => Promise<Response>

const headers = { 'access-control-allow-origin': '*' }
const challengeSeconds = 300
const mostFactors = 10

const Enrolment = z.object({
  factor_type: z.literal('totp'),
  friendly_name: z.string().max(200).default(''),
  issuer: z.string().max(200).default('Tenantry'),
})
const Verification = z.object({ challenge_id: z.guid(), code: z.string() })
const Token = z.object({ sub: z.guid(), session_id: z.guid(), email: z.string().default('') })

interface Factor {
  id: string
  secret: string
  status: 'verified' | 'unverified'
}

/** A refusal, in the shape and with the codes of a hosted Auth. */
const refuse = (status: number, code: string, msg: string) =>
  Response.json(
    { code: status, error_code: code, msg },
    { status, headers: { ...headers, 'x-sb-error-code': code } },
  )

/**
 * The second factor, as a hosted project's Auth has it and lite has not: apps that show codes (TOTP). A session that has
 * shown a code has aal2, and keeps it when it is refreshed.
 */
export function factorsAsHosted(
  next: Answer,
  { driver: sql }: PostgresConnection,
  { jwtSecret, key, totp }: { jwtSecret: string; key: string; totp: AuthSettings['totp'] },
): Answer {
  /** Who asks, by a token that is valid and whose session is there. */
  async function callerOf(request: Request) {
    const bearer = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? ''
    const { payload } = await jwtVerify(bearer, new TextEncoder().encode(jwtSecret), {
      algorithms: ['HS256'],
    }).catch(() => ({ payload: {} }))
    const token = Token.safeParse(payload)
    if (!token.success) return null
    const { sub, session_id, email } = token.data
    const [session] = await sql`select aal from auth.sessions where id = ${session_id} and user_id = ${sub}`
    return session ? { user: sub, session: session_id, email, isRaised: session.aal === 'aal2' } : null
  }
  type Caller = NonNullable<Awaited<ReturnType<typeof callerOf>>>

  async function enrol(request: Request, { user, email, isRaised }: Caller): Promise<Response> {
    const asked = Enrolment.safeParse(await request.json().catch(() => null))
    if (!asked.success)
      return refuse(400, 'validation_failed', 'factor_type needs to be totp, phone, or webauthn')
    if (!totp.enrol) return refuse(422, 'mfa_totp_enroll_not_enabled', 'MFA enroll is disabled for TOTP')
    const { friendly_name: name, issuer } = asked.data
    const known = await sql`select friendly_name, status from auth.mfa_factors where user_id = ${user}`
    if (known.some(({ status }) => status === 'verified') && !isRaised)
      return refuse(403, 'insufficient_aal', 'AAL2 required to enroll a new factor')
    if (known.length >= mostFactors)
      return refuse(
        422,
        'too_many_enrolled_mfa_factors',
        'Maximum number of verified factors reached, unenroll to continue',
      )
    if (known.some(({ friendly_name }) => friendly_name === name))
      return refuse(
        422,
        'mfa_factor_name_conflict',
        `A factor with the friendly name "${name}" for this user already exists`,
      )
    const secret = newSecret()
    const [made] = await sql`
      insert into auth.mfa_factors (user_id, friendly_name, secret) values (${user}, ${name}, ${secret}) returning id`
    const label = encodeURIComponent(`${issuer}:${email}`)
    const uri = `otpauth://totp/${label}?${new URLSearchParams({ issuer, secret })}`
    // A hosted Auth draws a QR code. Here there is nothing that draws one.
    const app = { qr_code: '', secret, uri }
    return Response.json({ id: made?.id, type: 'totp', friendly_name: name, totp: app }, { headers })
  }

  async function challenge({ id }: Factor): Promise<Response> {
    const [made] = await sql`insert into auth.mfa_challenges (factor_id) values (${id}) returning id`
    const expires_at = Math.floor(Date.now() / 1000) + challengeSeconds
    return Response.json({ id: made?.id, type: 'totp', expires_at }, { headers })
  }

  async function verify(request: Request, factor: Factor, { user, session }: Caller): Promise<Response> {
    const asked = Verification.safeParse(await request.json().catch(() => null))
    if (!asked.success) return refuse(400, 'validation_failed', 'challenge_id and code are required')
    const { challenge_id, code } = asked.data
    const open = await sql`
      select from auth.mfa_challenges where id = ${challenge_id} and factor_id = ${factor.id}
        and created_at > now() - make_interval(secs => ${challengeSeconds})`
    if (open.count === 0)
      return refuse(422, 'mfa_challenge_expired', 'MFA challenge has expired, create a new challenge')
    if (!isCode(factor.secret, code))
      return refuse(422, 'mfa_verification_failed', 'Invalid TOTP code entered')
    await sql`delete from auth.mfa_challenges where id = ${challenge_id}`
    await sql`update auth.mfa_factors set status = 'verified', updated_at = now() where id = ${factor.id}`
    await sql`delete from auth.mfa_factors where user_id = ${user} and status = 'unverified'`
    await sql`update auth.sessions set aal = 'aal2', factor_id = ${factor.id} where id = ${session}`
    if (factor.status === 'unverified')
      await sql`delete from auth.sessions where user_id = ${user} and aal = 'aal1'`
    return renewed(request, session)
  }

  /** New tokens of the session, which lite makes for its newest refresh token. */
  async function renewed(request: Request, session: string): Promise<Response> {
    const [newest] = await sql`
      select token from auth.refresh_tokens where session_id = ${session} and not revoked order by id desc limit 1`
    return next(
      new Request(new URL('/auth/v1/token?grant_type=refresh_token', request.url), {
        method: 'POST',
        headers: { apikey: key, 'content-type': 'application/json' },
        body: JSON.stringify({ refresh_token: newest?.token }),
      }),
    )
  }

  async function unenrol({ id, status }: Factor, { isRaised }: Caller): Promise<Response> {
    if (status === 'verified' && !isRaised)
      return refuse(422, 'insufficient_aal', 'AAL2 required to unenroll verified factor')
    await sql`update auth.sessions set aal = 'aal1', factor_id = null where factor_id = ${id}`
    await sql`delete from auth.mfa_factors where id = ${id}`
    return Response.json({ id }, { headers })
  }

  return async (request) => {
    const [factorId, act] = pathOf(request)
    if (factorId === undefined || request.method === 'OPTIONS') return next(request)
    const caller = await callerOf(request)
    if (!caller) return refuse(401, 'no_authorization', 'This endpoint requires a valid Bearer token')
    if (factorId === '')
      return request.method === 'POST' ? enrol(request, caller) : refuse(405, 'not_found', 'Not found')
    const [factor] = z.guid().safeParse(factorId).success
      ? await sql<
          Factor[]
        >`select id, secret, status from auth.mfa_factors where id = ${factorId} and user_id = ${caller.user}`
      : []
    if (!factor) return refuse(404, 'mfa_factor_not_found', 'Factor not found')
    const route = `${request.method} ${act}`
    if (route.startsWith('POST') && !totp.verify)
      return refuse(422, 'mfa_totp_verify_not_enabled', 'MFA verification is disabled for TOTP')
    if (route === 'POST challenge') return challenge(factor)
    if (route === 'POST verify') return verify(request, factor, caller)
    return route === 'DELETE ' ? unenrol(factor, caller) : refuse(404, 'not_found', 'Not found')
  }
}

/** What follows /auth/v1/factors: the factor, empty for all of them, and what is done with it. */
function pathOf(request: Request): [factor?: string, act?: string] {
  const found = /^\/auth\/v1\/factors(?:\/([^/]+)(?:\/([a-z]+))?)?$/.exec(new URL(request.url).pathname)
  return found ? [found[1] ?? '', found[2] ?? ''] : []
}

/** What a hosted Auth says of a person's factors. */
export async function factorsOf({ driver: sql }: PostgresConnection, user: string): Promise<object[]> {
  return sql`
    select id, friendly_name, factor_type, status, created_at, updated_at from auth.mfa_factors
    where user_id = ${user} order by created_at`
}

/** Whether a session has shown a code, as the claims of its tokens say it. */
export async function assuranceOf({ driver: sql }: PostgresConnection, session: unknown) {
  const found = z.guid().safeParse(session)
  const [row] = found.success ? await sql`select aal from auth.sessions where id = ${found.data}` : []
  const timestamp = Math.floor(Date.now() / 1000)
  const methods = row?.aal === 'aal2' ? ['totp', 'password'] : ['password']
  return { aal: row?.aal === 'aal2' ? 'aal2' : 'aal1', amr: methods.map((method) => ({ method, timestamp })) }
}
