import { beforeEach, describe, expect, it } from 'vitest'
import type { Domain } from '../../../lib/branding/domains/schema.ts'
import { problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import type { Zone } from '../../kit/servers/doh-server.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { domainsOf, freshHost, pageOf, record, rest } from './world.ts'

let owner: Person
let tenant: Tenant
let domains: ReturnType<typeof domainsOf>
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  domains = domainsOf(owner, tenant)
})

describe('verifying', () => {
  const token = (domain: Domain) => domain.record.value
  it.each<[string, (domain: Domain) => Zone]>([
    ['split into strings', (domain) => ({ txt: [[token(domain).slice(0, 7), token(domain).slice(7)]] })],
    ['among others', (domain) => ({ txt: ['v=spf1 -all', 'f'.repeat(40), token(domain)] })],
    ['copied with quotes and spaces', (domain) => ({ txt: [` "${token(domain)} " `] })],
    ['in capitals', (domain) => ({ txt: [token(domain).toUpperCase()] })],
  ])('finds a record %s', async (_how, zone) => {
    const domain = await domains.add()
    await record(domain.host, zone(domain))
    expect(await domains.verify(domain)).toMatchObject({ status: 'verified' })
  })
  it('finds a record behind a CNAME', async () => {
    const [domain, elsewhere] = [await domains.add(), freshHost()]
    await record(domain.host, { cname: `_tenantry.${elsewhere}` })
    await record(elsewhere, { txt: [token(domain)] })
    expect(await domains.verify(domain)).toMatchObject({ status: 'verified' })
  })

  it.each<[string, (domain: Domain) => Zone, string]>([
    ['a wrong token', () => ({ txt: ['f'.repeat(40)] }), 'wrong_token'],
    ['half a token', (domain) => ({ txt: [token(domain).slice(0, 20)] }), 'wrong_token'],
    ['a token with something around it', (domain) => ({ txt: [`token=${token(domain)}`] }), 'wrong_token'],
    ['no record', () => ({}), 'no_record'],
    ['no such name', () => ({ rcode: 3 }), 'no_such_name'],
    ['SERVFAIL', (domain) => ({ rcode: 2, txt: [token(domain)] }), 'dns_failed'],
    ['a slow resolver', (domain) => ({ delayMs: 4_000, txt: [token(domain)] }), 'resolver_timeout'],
    ['a huge answer', (domain) => ({ padding: 5_000_000, txt: [token(domain)] }), 'resolver_failed'],
    ['a redirect', () => ({ status: 302, location: 'http://127.0.0.1:1/' }), 'resolver_failed'],
    ['garbage', () => ({ bytes: 'AAECAwQ=' }), 'resolver_failed'],
    ['a resolver that hangs up', () => ({ reset: true }), 'resolver_failed'],
  ])('tells of %s, and changes nothing', async (_what, zone, result) => {
    const domain = await domains.add()
    await record(domain.host, zone(domain))
    const checked = await domains.verify(domain)
    expect(checked).toMatchObject({ status: 'pending', verified_at: null, last_check: { result } })
    expect(checked.last_check?.detail.length).toBeGreaterThan(20)
    expect(await domains.find(domain)).toEqual(checked)
    expect(await pageOf(domain.host)).toBe(404)
  })

  it('is allowed once in ten seconds, and of many at once one asks', async () => {
    const domain = await domains.add()
    const answers = await Promise.all(Array.from({ length: 5 }, () => domains.tryToVerify(domain)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 429, 429, 429, 429])
    const refused = answers.find(({ status }) => status === 429) as Response
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(10)
    expect(await problemOf(refused)).toMatchObject({ code: 'domain_just_checked' })
    await rest(domain)
    expect((await domains.tryToVerify(domain)).status).toBe(200)
  })

  it('leaves a mark of who did it', async () => {
    const { ref_id } = await domains.addVerified()
    const { rows } = await admin.query(
      'select created_by, updated_by from public.tenant_domains where ref_id = $1',
      [ref_id],
    )
    expect(rows).toEqual([{ created_by: owner.id, updated_by: owner.id }])
  })

  it('of a domain that is removed meanwhile is 404', async () => {
    const domain = await domains.add()
    await record(domain.host, { delayMs: 800, txt: [domain.record.value] })
    const verifying = domains.tryToVerify(domain)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect((await domains.tryToRemove(domain)).status).toBe(204)
    expect((await verifying).status).toBe(404)
  })
})
