// @ts-check
import { parseConfig } from './config.js'

/** @typedef {{ kind: 'found', config: import('./config.js').PageConfig }
 *   | { kind: 'unknown' } | { kind: 'unreachable' }} Outcome */

const PATIENCE_MS = 10_000

/**
 * Asks which tenant's page this address shows. The server knows it from the Host header. Only a page that is hosted
 * away from its API has to name that API in <meta name="tenantry-api">.
 * @param {string} [slug] asks for this tenant instead, on an address that is no tenant's
 * @returns {Promise<Outcome>}
 */
export async function loadConfig(slug) {
  try {
    const url = slug ? `${functionsUrl()}/branding/by-slug/${encodeURIComponent(slug)}` : lookupUrl()
    const response = await fetch(url, {
      // Asks every time and usually gets an empty 304, because a coach who changes a colour wants to see it.
      cache: 'no-cache',
      credentials: 'omit',
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    if (!response.ok) return { kind: isFinal(response.status) ? 'unknown' : 'unreachable' }
    const config = parseConfig(await response.json(), location.origin, apiUrl() || location.origin)
    return config ? { kind: 'found', config } : { kind: 'unreachable' }
  } catch {
    return { kind: 'unreachable' }
  }
}

/** Empty when the page is on the API's own site. */
const apiUrl = () =>
  (document.querySelector('meta[name="tenantry-api"]')?.getAttribute('content') ?? '').replace(/\/+$/, '')

/** Where the functions are: on this site, or where the page says that its API is. */
export const functionsUrl = () => `${apiUrl()}/functions/v1`

function lookupUrl() {
  const functions = functionsUrl()
  const path = `${functions}/branding/resolve`
  return functions.startsWith('/') ? path : `${path}?host=${encodeURIComponent(location.host)}`
}

/** A repeated request does not change a 4xx, except for 429 and 408. @param {number} status */
export const isFinal = (status) => status >= 400 && status < 500 && status !== 408 && status !== 429
