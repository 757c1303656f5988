// @ts-check
import { functionsUrl } from '../../page/load-config.js'

/** @import { Reply } from './model.d.ts' */

const PATIENCE_MS = 15_000

/**
 * @param {'GET' | 'POST' | 'PATCH'} method @param {string} path below /functions/v1/assessments
 * @param {{ token?: string, body?: unknown }} [parts]
 * @returns {Promise<Reply>} whatever the answer is; status 0 if there is none
 */
export async function ask(method, path, { token, body } = {}) {
  try {
    const response = await fetch(`${functionsUrl()}/assessments${path}`, {
      method,
      credentials: 'omit',
      // It is finished even if somebody closes the page.
      keepalive: method !== 'GET',
      headers: {
        accept: 'application/json',
        ...(token && { 'x-session-token': token }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const retryAfterSeconds = Number(response.headers.get('retry-after')) || 0
    return { status: response.status, body: await response.json(), retryAfterSeconds }
  } catch {
    return { status: 0, body: null, retryAfterSeconds: 0 }
  }
}
