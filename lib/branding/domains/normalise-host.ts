/** A name of DNS has at most 253 characters; some room for a port, a dot and Unicode spelling. */
const maxInputLength = 1_024
const hostPattern = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * A host name in the one form it is stored and looked up in: lowercase ASCII (internationalised names
 * as punycode), without a port, a trailing dot or a leading `www.`. Null for anything that is not a domain
 * name, such as an IP address. Idempotent.
 */
export function normaliseHost(input: string): string | null {
  if (input.length > maxInputLength || /[\s/\\@?#%[\]]/.test(input)) return null
  const name = input.replace(/:\d{0,5}$/, '').replace(/\.$/, '')
  if (name === '' || name.includes(':')) return null
  let ascii: string
  try {
    // The URL parser is UTS 46: it maps case and width, and refuses what IDNA refuses.
    ascii = new URL(`http://${name}/`).hostname
  } catch {
    return null
  }
  const host = ascii.replace(/^(?:www\.)+/, '')
  return host.length <= 253 && hostPattern.test(host) ? host : null
}
