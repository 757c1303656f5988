import { beforeEach, describe, expect, it } from 'vitest'
import type { Domain } from '../../../lib/branding/domains/schema.ts'
import { problemOf } from '../../kit/call.ts'
import { admin, rolledBack } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { domainsOf, freshHost, pageOf } from './world.ts'

let owner: Person
let tenant: Tenant
let domains: ReturnType<typeof domainsOf>
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  domains = domainsOf(owner, tenant)
})

describe('a host is kept in one form', () => {
  it.each([
    [(host: string) => host.toUpperCase(), (host: string) => host],
    [(host: string) => `www.${host}`, (host: string) => host],
    [(host: string) => `${host}.`, (host: string) => host],
    [(host: string) => `${host}:8443`, (host: string) => host],
    [(host: string) => ` ${host} `, (host: string) => host],
    [(host: string) => `bücher.${host}`, (host: string) => `xn--bcher-kva.${host}`],
    [(host: string) => `XN--BCHER-KVA.${host}`, (host: string) => `xn--bcher-kva.${host}`],
  ])('%#', async (spell, stored) => {
    const host = freshHost()
    expect((await domains.add(spell(host))).host).toBe(stored(host))
    expect(await problemOf(await domains.tryToAdd(stored(host)))).toEqual({
      status: 409,
      code: 'conflict',
      pointers: ['/host'],
    })
  })

  it('internationalised, and is verified and found under either spelling', async () => {
    const base = freshHost()
    const { host } = await domains.addVerified(`größe.${base}`)
    expect(host).toBe(`xn--gre-6ka8i.${base}`)
    expect(await pageOf(`GRÖSSE.${base}`)).toBe(404)
    expect(await pageOf(`Größe.${base}`)).toBe(tenant.slug)
    expect(await pageOf(host)).toBe(tenant.slug)
  })
})

describe('a host that cannot be claimed is refused:', () => {
  const invalid = [422, 'domain_invalid'] as const
  const reserved = [422, 'domain_reserved'] as const
  it.each([
    ['com', ...invalid],
    ['localhost', ...invalid],
    ['192.0.2.1', ...invalid],
    ['192.0.2.1:80', ...invalid],
    ['0xC0000201', ...invalid],
    ['[2001:db8::1]', ...invalid],
    ['https://quiz.example.com', ...invalid],
    ['quiz.example.com/path', ...invalid],
    ['coach@example.com', ...invalid],
    ['*.example.com', ...invalid],
    ['_tenantry.example.com', ...invalid],
    ['a..example.com', ...invalid],
    ['-a.example.com', ...invalid],
    [`${'a'.repeat(64)}.example.com`, ...invalid],
    [`${'a.'.repeat(120)}example.com`, ...invalid],
    // Short enough for a name, too long with the record's label in front.
    [`${`${'a'.repeat(59)}.`.repeat(4)}example`, ...invalid],
    [' ', ...invalid],
    ['co.uk', ...reserved],
    ['www.co.uk', ...reserved],
    ['CO.UK.', ...reserved],
    ['github.io', ...reserved],
    ['公司.cn', ...reserved],
    ['coach.localhost', ...reserved],
    ['router.local', ...reserved],
    ['db.internal', ...reserved],
    ['1.0.0.127.in-addr.arpa', ...reserved],
  ])('%s with %i %s', async (host, status, code) => {
    expect(await problemOf(await domains.tryToAdd(host))).toEqual({ status, code, pointers: ['/host'] })
  })
  it.each([[undefined], [7], [''], ['a'.repeat(2_000)], [['example.com']]])(
    '%s as no host at all',
    async (host) => {
      expect(await problemOf(await domains.tryToAdd(host))).toMatchObject({
        status: 422,
        code: 'invalid_body',
      })
    },
  )
})

describe('a plan has room for so many', () => {
  it('of which ten added at once take no more than there are', async () => {
    const crowded = await makeTenant({ owner, plan: 'business' })
    const theirs = domainsOf(owner, crowded)
    for (let i = 0; i < 7; i++) await theirs.add()
    const answers = await Promise.all(Array.from({ length: 10 }, () => theirs.tryToAdd(freshHost())))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, ...Array(7).fill(402)])
    expect(await problemOf(await theirs.tryToAdd(freshHost()))).toMatchObject({ code: 'limit_reached' })
    const [oldest] = await theirs.list()
    await theirs.tryToRemove(oldest as Domain)
    expect((await theirs.tryToAdd(freshHost())).status).toBe(201)
  })

  it('as it says itself', async () => {
    await rolledBack(admin, async (db) => {
      await db.query(`update public.plans set limits = '{"domains": 1}'`)
      const add = () => db.query('select private.add_domain($1, $2)', [tenant.id, freshHost()])
      await add()
      await expect(add()).rejects.toMatchObject({ code: 'PT402', message: 'limit_reached' })
    })
  })
})
