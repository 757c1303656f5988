import { describe, expect, it } from 'vitest'
import type { Domain } from '../../../lib/branding/domains/schema.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { domainsOf, freshHost, record, rest } from './world.ts'

/** Two tenants that both want one host. */
async function twoTenants() {
  const [personA, personB] = [await makePerson(), await makePerson()]
  const [tenantA, tenantB] = [await makeTenant({ owner: personA }), await makeTenant({ owner: personB })]
  return {
    tenantA,
    tenantB,
    a: domainsOf(personA, tenantA),
    b: domainsOf(personB, tenantB),
    host: freshHost(),
  }
}

const publishTokens = (host: string, ...domains: Domain[]) =>
  record(host, { txt: domains.map((domain) => domain.record.value) })
const holderOf = async (host: string) => {
  const { rows } = await admin.query<{ tenant_id: string }>(
    `select tenant_id from public.tenant_domains where host = $1 and status = 'verified'`,
    [host],
  )
  return rows.map((row) => row.tenant_id)
}

describe('a claim', () => {
  it('without a record blocks nobody and is told to nobody', async () => {
    const { a, b, host } = await twoTenants()
    const squatted = await a.add(host)
    expect(await a.verify(squatted)).toMatchObject({ status: 'pending' })
    const owned = await b.addVerified(host)
    expect(owned).toMatchObject({ status: 'verified' })
    expect(await a.verify(squatted)).toMatchObject({
      status: 'pending',
      last_check: { result: 'wrong_token' },
    })
    expect(await b.find(owned)).toMatchObject({ status: 'verified', is_primary: true })
  })

  it('with a record next to the holder’s is refused, and the holder keeps the host', async () => {
    const { a, b, host, tenantA } = await twoTenants()
    const held = await a.addVerified(host)
    const claimed = await b.add(host)
    await publishTokens(host, held, claimed)
    expect(await problemOf(await b.tryToVerify(claimed))).toMatchObject({ status: 409, code: 'domain_taken' })
    expect(await b.find(claimed)).toMatchObject({ status: 'pending', last_check: { result: 'host_taken' } })
    expect(await a.find(held)).toMatchObject({ status: 'verified', is_primary: true })
    expect(await holderOf(host)).toEqual([tenantA.id])
  })

  it('with a record in place of the holder’s takes the host over at once', async () => {
    const { a, b, host, tenantA, tenantB } = await twoTenants()
    const held = await a.addVerified(host)
    const other = await a.addVerified()
    const claimed = await b.add(host)
    await publishTokens(host, claimed)
    expect(await b.verify(claimed)).toMatchObject({ status: 'verified', is_primary: true })
    expect(await a.find(held)).toMatchObject({
      status: 'failed',
      is_primary: false,
      last_check: { result: 'host_taken' },
    })
    // Who lost a primary domain is left with another one.
    expect(await a.find(other)).toMatchObject({ is_primary: true })
    const page = await call(`/branding/by-domain/${host}`)
    expect(await page.json()).toMatchObject({ slug: tenantB.slug })
    expect(await holderOf(host)).toEqual([tenantB.id])

    // And back, by the same rule.
    await publishTokens(host, held)
    expect(await a.verify(held)).toMatchObject({ status: 'verified', is_primary: false })
    expect(await holderOf(host)).toEqual([tenantA.id])
    expect(await b.find(claimed)).toMatchObject({ status: 'failed', is_primary: false })
  })

  it.each([
    ['NXDOMAIN', { rcode: 3 }],
    ['SERVFAIL', { rcode: 2 }],
    ['garbage', { bytes: 'AAAA' }],
  ])('answered with %s takes nothing from the holder', async (_what, zone) => {
    const { a, b, host } = await twoTenants()
    const held = await a.addVerified(host)
    const claimed = await b.add(host)
    await record(host, zone)
    await b.verify(claimed)
    expect(await a.find(held)).toEqual(held)
  })

  it('of a host whose holder is archived needs only the claimant’s record; of a frozen one, that alone', async () => {
    for (const [status, expected] of [
      ['frozen', 409],
      ['archived', 200],
    ] as const) {
      const { a, b, host, tenantA } = await twoTenants()
      const held = await a.addVerified(host)
      const claimed = await b.add(host)
      await publishTokens(host, held, claimed)
      await admin.query('update public.tenants set status = $2 where id = $1', [tenantA.id, status])
      expect((await b.tryToVerify(claimed)).status).toBe(expected)
    }
  })

  it('made twice at once is granted once', async () => {
    const { a, b, host } = await twoTenants()
    const claims = [
      [a, await a.add(host)],
      [b, await b.add(host)],
    ] as const
    await publishTokens(host, ...claims.map(([, domain]) => domain))
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(claims.map(([by, domain]) => by.tryToVerify(domain)))
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
      const refused = answers.find(({ status }) => status === 409) as Response
      expect(await problemOf(refused)).toMatchObject({ code: 'domain_taken' })
      expect(await holderOf(host)).toHaveLength(1)
      await admin.query(
        `update public.tenant_domains set status = 'pending', is_primary = false, last_checked_at = null where host = $1`,
        [host],
      )
    }
  })

  it('of ten tenants at once, each over two hosts of the other, ends without a deadlock', async () => {
    const hosts = [freshHost(), freshHost()]
    const claims = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const person = await makePerson()
        const by = domainsOf(person, await makeTenant({ owner: person }))
        return { by, domains: await Promise.all(hosts.map((host) => by.add(host))) }
      }),
    )
    for (const [index, host] of hosts.entries())
      await publishTokens(host, ...claims.map(({ domains }) => domains[index] as Domain))
    const answers = await Promise.all(
      claims.flatMap(({ by, domains }, turn) =>
        (turn % 2 ? domains : domains.toReversed()).map((domain) => by.tryToVerify(domain)),
      ),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(2)
    expect(statuses.filter((status) => status === 409)).toHaveLength(18)
    for (const host of hosts) expect(await holderOf(host)).toHaveLength(1)
  })

  it('is one more check of the same record: the holder may ask too, and nothing changes', async () => {
    const { a, b, host } = await twoTenants()
    const held = await a.addVerified(host)
    const claimed = await b.add(host)
    await publishTokens(host, held, claimed)
    await rest(held)
    const answers = await Promise.all([a.tryToVerify(held), b.tryToVerify(claimed)])
    expect(answers.map(({ status }) => status)).toEqual([200, 409])
    expect(await a.find(held)).toMatchObject({ status: 'verified', verified_at: held.verified_at })
  })
})
