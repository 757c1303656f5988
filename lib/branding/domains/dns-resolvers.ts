import process from 'node:process'

/** Two operators, so that a failure of one stops nothing. */
const publicResolvers = 'https://cloudflare-dns.com/dns-query, https://dns.google/dns-query'

let urls: string[] | undefined

/** The resolvers to ask, in order: TENANTRY_DOH_URL, a comma list, or else a public pair. */
export function resolvers(): string[] {
  urls ??= parseResolvers(process.env.TENANTRY_DOH_URL || publicResolvers)
  return urls
}

/**
 * DNS-over-HTTPS addresses from a comma list. Plain http is only for a resolver on this machine, because anyone
 * in between could verify any domain. Throws for anything else.
 */
export function parseResolvers(list: string): string[] {
  const given = list.split(',').map((entry) => entry.trim())
  return given.filter((entry) => entry !== '').map(checkResolver)
}

function checkResolver(entry: string): string {
  const url = URL.canParse(entry) && !/\s/.test(entry) ? new URL(entry) : null
  const isAllowed = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
  if (!url || !isAllowed || url.username || url.password)
    throw new Error(`TENANTRY_DOH_URL holds "${entry}", which is not an https URL.`)
  return url.href
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname)
}
