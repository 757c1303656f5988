import { createHash, randomInt } from 'node:crypto'
import type { PostgresConnection } from '@supabase/lite/postgres'
import type { AuthMailer } from './mail/driver.ts'
import type { Variables } from './mail/templates.ts'
import type { AuthSettings } from './settings.ts'

/** The word of a hosted project's Auth for the first of two confirmations. */
const oneOfTwo = 'Confirmation link accepted. Please proceed to confirm link sent to the other email'
const firstAnswer = { code: '200', msg: oneOfTwo }
const anyOrigin = { 'access-control-allow-origin': '*' }

type Answer = (request: Request) => Promise<Response>

/**
 * What a hosted project's Auth does and lite leaves out: a new address counts once both mailboxes have confirmed it, a
 * confirmation is mailed again to whoever asks, and "email" is the type of codes of sign-up and sign-in mails. In lite
 * the old mailbox confirms a change alone, and nobody gets a second confirmation.
 */
export function verifyAsHosted(
  lite: Answer,
  { driver: sql }: PostgresConnection,
  mailer: AuthMailer,
  { codeLength, codeSeconds, secondsBetweenMails }: AuthSettings,
  { siteUrl, keys }: { siteUrl: string; keys: string[] },
): Answer {
  const newToken = () => String(randomInt(10 ** codeLength)).padStart(codeLength, '0')

  /** Mails the new address its own code. lite has stored one that nobody was told. */
  async function askNewAddress(variables: Variables): Promise<void> {
    const token = newToken()
    const tokenHash = hashOf(variables.NewEmail, token)
    const asked = await sql`
      update auth.users set email_change_token_new = ${tokenHash}, email_change_confirm_status = 0
      where email_change_token_current = ${variables.TokenHash} and email_change = ${variables.NewEmail}`
    if (asked.count === 0) return
    await mailer.post(variables.NewEmail, 'email_change', {
      ...variables,
      Token: token,
      TokenHash: tokenHash,
    })
  }

  /** Whether this was the first of the two confirmations. The second is left to lite, in the column where it looks. */
  async function isFirstOfTwo(tokenHash: string): Promise<boolean> {
    const first = await sql`
      update auth.users set email_change_confirm_status = 1,
        email_change_token_current = nullif(email_change_token_current, ${tokenHash}),
        email_change_token_new = nullif(email_change_token_new, ${tokenHash})
      where ${tokenHash} in (email_change_token_current, email_change_token_new)
        and email_change_token_current <> '' and email_change_token_new <> ''
        and email_change_sent_at > now() - make_interval(secs => ${codeSeconds})`
    if (first.count > 0) return true
    await sql`
      update auth.users set email_change_token_current = ${tokenHash}, email_change_token_new = null,
        email_change_confirm_status = 0
      where email_change_token_new = ${tokenHash} and email_change_token_current is null
        and email_change_confirm_status = 1`
    return false
  }

  async function verify(request: Request): Promise<Response> {
    const asked = await readVerification(request)
    if (!asked) return lite(request)
    if (asked.type === 'email_change' && (await isFirstOfTwo(asked.tokenHash)))
      return asked.redirect
        ? Response.redirect(siteUrl + asked.redirect, 303)
        : Response.json(firstAnswer, { headers: anyOrigin })
    return lite(asked.request)
  }

  /** Mails a new code to an address that waits for its confirmation. Otherwise lite has the answer. */
  async function resend(request: Request): Promise<Response> {
    const { type, email } = ((await request
      .clone()
      .json()
      .catch(() => null)) ?? {}) as Record<string, unknown>
    const hasKey = keys.includes(request.headers.get('apikey') ?? '')
    if (request.method !== 'POST' || !hasKey || type !== 'signup' || typeof email !== 'string')
      return lite(request)
    const [to, token] = [email.toLowerCase(), newToken()]
    const tokenHash = hashOf(to, token)
    const renewed = await sql`
      update auth.users set confirmation_token = ${tokenHash}, confirmation_sent_at = now()
      where email = ${to} and email_confirmed_at is null
        and confirmation_sent_at < now() - make_interval(secs => ${secondsBetweenMails})`
    if (renewed.count === 0) return lite(request)
    const addresses = { SiteURL: siteUrl, RedirectTo: siteUrl, ConfirmationURL: '', Email: to, NewEmail: to }
    await mailer.post(to, 'confirmation', { ...addresses, Token: token, TokenHash: tokenHash })
    return Response.json({}, { headers: anyOrigin })
  }

  return async (request) => {
    const path = new URL(request.url).pathname
    if (path === '/auth/v1/verify') return verify(request)
    if (path === '/auth/v1/resend') return resend(request)
    if (path !== '/auth/v1/user') return lite(request)
    const { answer, changes } = await mailer.watch(() => lite(request))
    if (answer.ok) for (const change of changes) await askNewAddress(change)
    return answer
  }
}

interface Verification {
  type: string
  tokenHash: string
  /** For lite, which knows no type "email". */
  request: Request
  /** Where a followed link goes. */
  redirect: string | null
}

/** What a request asks to verify, or null if lite will refuse it. */
async function readVerification(request: Request): Promise<Verification | null> {
  const url = new URL(request.url)
  if (request.method === 'GET') {
    const type = url.searchParams.get('type') ?? ''
    const redirect = `/#${new URLSearchParams({ message: oneOfTwo })}`
    return { type, tokenHash: url.searchParams.get('token') ?? '', request, redirect }
  }
  const body = await request
    .clone()
    .json()
    .catch(() => null)
  const { type, token_hash, email, token } = (body ?? {}) as Record<string, unknown>
  if (typeof type !== 'string') return null
  // It looks where "email" does: for the code of a sign-in, then for that of a sign-up.
  const known = type === 'email' ? 'magiclink' : type
  const tokenHash = typeof token_hash === 'string' ? token_hash : hashOf(String(email), String(token))
  const headers = new Headers(request.headers)
  headers.delete('content-length')
  const forLite = new Request(request.url, {
    method: request.method,
    headers,
    body: JSON.stringify({ ...(body as object), type: known }),
  })
  return { type, tokenHash, request: forLite, redirect: null }
}

/** As lite keeps codes. */
function hashOf(email: string, token: string): string {
  return createHash('sha256')
    .update(email.toLowerCase() + token)
    .digest('hex')
}
