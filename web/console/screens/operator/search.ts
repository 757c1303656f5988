import type { AuditSearch, TenantSearch } from '../../api/operator.ts'

// What stands in the address: every filter is a link. Anybody may have written it.
const text = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 200) : ''
const filled = <Search extends object>(search: Search): Partial<Search> =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== '')) as Partial<Search>

export const tenantSearchOf = (given: Partial<Record<keyof TenantSearch, unknown>>): TenantSearch => ({
  q: text(given.q),
  status: text(given.status),
  plan: text(given.plan),
})
export const auditSearchOf = (given: Partial<Record<keyof AuditSearch, unknown>>): AuditSearch => ({
  tenant: text(given.tenant),
  actor: text(given.actor),
  action: text(given.action),
  target: text(given.target),
  request_id: text(given.request_id),
  since: momentIn(given.since),
  until: momentIn(given.until),
})
/** As a field of date and time writes it, or nothing. */
const momentIn = (value: unknown) =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : ''

/** Without what is empty, so that addresses stay short. */
export const tenantSearchIn = (given: Record<string, unknown>) => filled(tenantSearchOf(given))
export const auditSearchIn = (given: Record<string, unknown>) => filled(auditSearchOf(given))
