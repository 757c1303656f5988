import process from 'node:process'
import { normaliseHost } from './normalise-host.ts'

let domains: string[] | undefined

/** The domains under which every tenant has `<slug>.<domain>`: TENANTRY_BASE_DOMAINS, a comma list. */
export function baseDomains(): string[] {
  domains ??= (process.env.TENANTRY_BASE_DOMAINS ?? '')
    .split(',')
    .filter((domain) => domain.trim() !== '')
    .map((domain) => {
      const host = normaliseHost(domain.trim())
      if (host === null) throw new Error(`TENANTRY_BASE_DOMAINS holds "${domain}", which is not a domain.`)
      return host
    })
  return domains
}
