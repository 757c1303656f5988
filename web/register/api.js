// @ts-check

const PATIENCE_MS = 15_000

/** @typedef {{ access_token: string, refresh_token: string, expires_in: number, expires_at: number, token_type: string }} Session */
/** @typedef {Record<string, unknown>} Json */

/** What was refused, in words for the person, with the fields it is about. */
export class Refused extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {{ pointer: string, detail: string }[]} errors */
  constructor(status, code, message, errors = []) {
    super(message)
    this.status = status
    this.code = code
    this.errors = errors
  }
}

/** @type {Session | null} */
let session = null
export const signedIn = () => session

/** @param {string} email @param {string} password @returns {Promise<'confirm' | 'signed in'>} */
export async function signUp(email, password) {
  // Whoever has an account signs in to it. Auth does not tell which addresses have one.
  if ((await trySignIn(email, password)) === 'signed in') return 'signed in'
  await ask('POST', '/auth/v1/signup', { email, password })
  return 'confirm'
}

/** @param {string} email @param {string} password @returns {Promise<'confirm' | 'signed in' | 'refused'>} */
async function trySignIn(email, password) {
  try {
    await signIn(email, password)
    return 'signed in'
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 400) throw error
    return error.code === 'email_not_confirmed' ? 'confirm' : 'refused'
  }
}

/** @param {string} email @param {string} password */
export async function signIn(email, password) {
  session = /** @type {Session} */ (
    /** @type {unknown} */ (await ask('POST', '/auth/v1/token?grant_type=password', { email, password }))
  )
}

/** @param {string} email @param {string} token */
export async function confirm(email, token) {
  const answer = await ask('POST', '/auth/v1/verify', { type: 'email', email, token })
  session = /** @type {Session} */ (/** @type {unknown} */ (answer))
}

/** A function, with the cookie of this registration. @param {string} method @param {string} path @param {Json} [body] */
export function onboarding(method, path, body) {
  return ask(method, `/functions/v1/onboarding${path}`, body)
}

/** @param {string} token */
export function acceptInvitation(token) {
  return ask('POST', '/functions/v1/registry/invitations/accept', { token })
}

/** @param {string} method @param {string} path @param {Json} [body] @returns {Promise<Json>} */
async function ask(method, path, body) {
  const key = meta('tenantry-key')
  const isAuth = path.startsWith('/auth/')
  let response
  let answer
  try {
    response = await fetch(path, {
      method,
      credentials: isAuth ? 'omit' : 'same-origin',
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(isAuth && key && { apikey: key }),
        ...(!isAuth && session && { authorization: `Bearer ${session.access_token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    answer = await response.json()
  } catch {
    throw new Refused(0, '', 'That did not work. Wait a moment, and try again.')
  }
  if (response.ok) return answer
  const code = String(answer?.error_code ?? answer?.code ?? '')
  throw new Refused(response.status, code, sentenceOf(code, answer), answer?.errors)
}

/** @param {string} code @param {Json} answer */
function sentenceOf(code, answer) {
  if (code === 'otp_expired') return 'This code is wrong, or it is too old.'
  if (code === 'invalid_credentials') return 'The address or the password is wrong.'
  if (code === 'weak_password') return 'This password is too easy to guess. Choose a longer one.'
  if (code === 'invalid_body') return 'Correct the marked fields.'
  if (code === 'registration_ended') return 'This registration has ended. Load the page to begin again.'
  return String(answer.detail ?? 'That did not work. Wait a moment, and try again.')
}

/** @param {string} name */
export function meta(name) {
  return document.querySelector(`meta[name="${name}"]`)?.getAttribute('content') ?? ''
}
