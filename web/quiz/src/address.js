// @ts-check
// What the address says. The token of a session is behind the #, where it reaches no server and no other site.

const CAMPAIGN = /^[0-9A-HJKMNP-TV-Z]{26}$/
const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/
const TOKEN = /^[\w-]{43}$/

/**
 * @param {{ search: string, hash: string }} location
 * @returns {{ campaign: string | null, tenant: string | null, token: string | null }} null where there is nothing usable
 */
export function readAddress({ search, hash }) {
  const query = new URLSearchParams(search)
  return {
    campaign: matching(CAMPAIGN, query.get('campaign')?.toUpperCase()),
    tenant: matching(SLUG, query.get('tenant')?.toLowerCase()),
    token: matching(TOKEN, new URLSearchParams(hash.slice(1)).get('t')),
  }
}

/** @param {RegExp} pattern @param {string | null | undefined} value */
const matching = (pattern, value) => (value && pattern.test(value) ? value : null)

/**
 * Leads another device to the same session. What else the address has, such as where the visitor came from, is left out.
 * @param {{ origin: string, pathname: string, search: string }} location @param {string} token
 */
export function resumeLink({ origin, pathname, search }, token) {
  const { campaign, tenant } = readAddress({ search, hash: '' })
  const query = new URLSearchParams({ campaign: campaign ?? '', ...(tenant && { tenant }) })
  return `${origin}${pathname}?${query}#t=${token}`
}

/** The page makes the token itself, so starting a session may be repeated. @returns {string} 32 random bytes */
export function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}
