import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { Domain, Domains } from '../../../lib/branding/domains/schema.ts'
import { call } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import type { Person } from '../../kit/people.ts'
import { publish, type Zone } from '../../kit/servers/doh-server.ts'
import type { Tenant } from '../../kit/tenants.ts'

/** A host nobody else's test uses. */
export const freshHost = (): string => `d-${randomBytes(6).toString('hex')}.test`

/** Somebody who manages a tenant, and what they can do with its domains. */
export function domainsOf(person: Person, tenant: Tenant) {
  const as = { token: person.token, tenant: tenant.slug }
  const at = (domain: Domain | string) =>
    `/branding/domains/${typeof domain === 'string' ? domain : domain.ref_id}`
  const domains = {
    tryToAdd: (host: unknown) => call('/branding/domains', { ...as, body: { host } }),
    tryToVerify: (domain: Domain | string) => call(`${at(domain)}/verify`, { ...as, method: 'POST' }),
    tryToMakePrimary: (domain: Domain | string) => call(`${at(domain)}/primary`, { ...as, method: 'POST' }),
    tryToRemove: (domain: Domain | string) => call(at(domain), { ...as, method: 'DELETE' }),
    async list() {
      return Domains.parse(await (await call('/branding/domains', as)).json()).domains
    },
    async add(host = freshHost()) {
      return Domain.parse(await expectStatus(201, await domains.tryToAdd(host)))
    },
    async verify(domain: Domain) {
      await rest(domain)
      return Domain.parse(await expectStatus(200, await domains.tryToVerify(domain)))
    },
    async makePrimary(domain: Domain) {
      return Domain.parse(await expectStatus(200, await domains.tryToMakePrimary(domain)))
    },
    /** Adds a domain, publishes its record and verifies it. */
    async addVerified(host = freshHost()) {
      const domain = await domains.add(host)
      await record(domain.host, { txt: [domain.record.value] })
      return domains.verify(domain)
    },
    async find(domain: Domain) {
      return (await domains.list()).find((each) => each.ref_id === domain.ref_id)
    },
  }
  return domains
}

/** Lets DNS say this about a host's record. */
export const record = (host: string, zone: Zone): Promise<void> =>
  publish(inject('doh_url'), `_tenantry.${host}`, zone)

/** Whose page a visitor of this host sees, or the status of there being none. */
export async function pageOf(host: string): Promise<string | number> {
  const response = await call(`/branding/resolve?host=${encodeURIComponent(host)}`)
  return response.status === 200 ? ((await response.json()) as { slug: string }).slug : response.status
}

/** Lets a minute pass since the last check, so that the next one is allowed. */
export async function rest(domain: Domain): Promise<void> {
  await admin.query(
    `update public.tenant_domains set last_checked_at = last_checked_at - interval '1 minute' where ref_id = $1`,
    [domain.ref_id],
  )
}

async function expectStatus(status: number, response: Response): Promise<unknown> {
  const text = await response.text()
  if (response.status !== status) throw new Error(`${response.status} instead of ${status}: ${text}`)
  return JSON.parse(text)
}
