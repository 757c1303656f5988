// @ts-check
import { refusal } from './words.js'

const PATIENCE_MS = 15_000

/** @typedef {{ access_token: string, refresh_token: string, expires_in: number, expires_at: number, token_type: string }} Session */

/** What Auth refused, in words for the person. */
export class Refused extends Error {}

/**
 * Uses up a link or a code. Null if Auth waits for the other mailbox of a change.
 * @param {Record<string, string>} what
 * @returns {Promise<Session | null>}
 */
export async function verify(what) {
  const answer = await ask('POST', '/auth/v1/verify', what)
  return typeof answer.access_token === 'string'
    ? /** @type {Session} */ (/** @type {unknown} */ (answer))
    : null
}

/** @param {Session} session @param {string} password */
export async function savePassword(session, password) {
  await ask('PUT', '/auth/v1/user', { password }, { authorization: `Bearer ${session.access_token}` })
}

/**
 * @param {string} method
 * @param {string} path
 * @param {Record<string, string>} body
 * @param {Record<string, string>} [headers]
 * @returns {Promise<Record<string, unknown>>}
 */
async function ask(method, path, body, headers = {}) {
  const key = meta('tenantry-key')
  let response
  let answer
  try {
    response = await fetch(meta('tenantry-api').replace(/\/+$/, '') + path, {
      method,
      credentials: 'omit',
      headers: { 'content-type': 'application/json', ...(key && { apikey: key }), ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    answer = await response.json()
  } catch {
    throw new Refused(refusal(0, ''))
  }
  if (!response.ok) throw new Refused(refusal(response.status, String(answer?.error_code ?? answer?.code)))
  return answer
}

/** @param {string} name */
export function meta(name) {
  return document.querySelector(`meta[name="${name}"]`)?.getAttribute('content') ?? ''
}
