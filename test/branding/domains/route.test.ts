import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { type AddressInfo, createServer as createTcp } from 'node:net'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { verifyDomain } from '../../../lib/branding/domains/checks.ts'
import { findRoute } from '../../../lib/branding/domains/route.ts'
import { callerDb, closeConnections } from '../../../lib/db/index.ts'
import { call } from '../../kit/call.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { daysFromNow, type MadeCertificate, makeCertificate } from '../../kit/servers/certificates.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { domainsOf, record, rest } from './world.ts'

process.env.SUPABASE_DB_URL = inject('stack').db_url
const host = 'quiz.example.com'

let answer: { status: number; body: string; headers?: Record<string, string> }
let page: string
let good: MadeCertificate
const server = createServer()
const silent = createTcp()
beforeAll(async () => {
  page = await readFile(new URL('../../../web/page/index.html', import.meta.url), 'utf8')
  good = await makeCertificate({ hosts: [host] })
  server.on('request', (_request, response) =>
    response.writeHead(answer.status, answer.headers).end(answer.body),
  )
  server.on('tlsClientError', () => {})
  server.setSecureContext({ key: good.keyPem, cert: good.pem })
  server.listen(0, '127.0.0.1')
  silent.listen(0, '127.0.0.1')
  await Promise.all([once(server, 'listening'), once(silent, 'listening')])
})
afterAll(async () => {
  server.close()
  silent.close()
  await closeConnections()
})
const portOf = (of: { address(): unknown }) => (of.address() as AddressInfo).port

/** Looks at the local server as if it were on the public internet, and its authority one that browsers trust. */
const look = (certificate = good, options = {}) => {
  server.setSecureContext({ key: certificate.keyPem, cert: certificate.pem })
  return findRoute(host, {
    port: portOf(server),
    policy: { allowLoopback: true },
    resolve: async () => ['127.0.0.1'],
    ca: good.pem,
    ...options,
  })
}

describe('what a visitor of a host sees', () => {
  it('is the page, when web/page is served with a certificate that is trusted', async () => {
    answer = { status: 200, body: page }
    expect(await look()).toBe('page_shown')
  })

  it.each<[string, () => void]>([
    ['another site', () => (answer = { status: 200, body: '<h1>Parked</h1>' })],
    ['a fault', () => (answer = { status: 500, body: page })],
    [
      'a redirect, which is not followed',
      () =>
        (answer = { status: 302, body: '', headers: { location: `https://${host}:${portOf(server)}/page` } }),
    ],
    [
      'a page that names it far below',
      () => (answer = { status: 200, body: `${' '.repeat(70_000)}${page}` }),
    ],
  ])('is not the page: %s', async (_what, set) => {
    set()
    expect(await look()).toBe('another_page')
  })

  it('is not trusted with a certificate of somebody else, an old one, or an unknown authority', async () => {
    answer = { status: 200, body: page }
    const other = await makeCertificate({ hosts: ['other.example.com'] })
    expect(await look(other, { ca: other.pem })).toBe('not_trusted')
    const old = await makeCertificate({
      hosts: [host],
      notBefore: daysFromNow(-9),
      notAfter: daysFromNow(-1),
    })
    expect(await look(old, { ca: old.pem })).toBe('not_trusted')
    expect(await look(good, { ca: undefined })).toBe('not_trusted')
  })

  it('is nothing, inside a network, or silence: each is told apart, in bounded time', async () => {
    answer = { status: 200, body: page }
    expect(await look(good, { policy: { allowLoopback: false } })).toBe('not_public')
    expect(await look(good, { resolve: async () => ['10.0.0.1'] })).toBe('not_public')
    expect(await look(good, { resolve: async () => [] })).toBe('no_address')
    const began = Date.now()
    expect(await look(good, { port: portOf(silent) })).toBe('not_reached')
    expect(Date.now() - began).toBeLessThan(9_000)
  })
})

describe('a check of a domain', () => {
  let owner: Person
  let tenant: Tenant
  beforeAll(async () => {
    owner = await makePerson()
    tenant = await makeTenant({ owner })
  })

  it('looks at the page only where the record stands, and keeps what it found', async () => {
    const domains = domainsOf(owner, tenant)
    const domain = await domains.add()
    const claims = { role: 'authenticated', sub: owner.id } as const
    const asked: string[] = []
    const verify = (texts: string[]) =>
      verifyDomain(
        callerDb(claims),
        { claims, headers: {} },
        tenant.id,
        domain.ref_id,
        async () => ({ outcome: 'found', texts }),
        async (of) => {
          asked.push(of)
          return 'not_trusted'
        },
      )
    expect((await verify(['f'.repeat(40)])).last_route).toBeNull()
    expect(asked).toEqual([])
    await rest(domain)
    expect(await verify([domain.record.value])).toMatchObject({
      status: 'verified',
      last_route: { result: 'not_trusted', detail: expect.stringContaining(domain.host) },
    })
    expect(asked).toEqual([domain.host])
    expect((await domains.find(domain))?.last_route).toMatchObject({ result: 'not_trusted' })
  })

  it('tells where its records lead, and the page’s addresses', async () => {
    const domains = domainsOf(owner, tenant)
    const domain = await domains.addVerified()
    expect(domain.address_record).toEqual({ type: 'CNAME', name: domain.host, value: 'pages.localhost' })
    // Nothing under .test has an address.
    expect(domain.last_route).toMatchObject({ result: 'no_address' })
    await domains.makePrimary(domain)
    const { port } = new URL(inject('stack').api_url)
    const read = await call('/branding/address', { token: owner.token, tenant: tenant.slug })
    expect(await read.json()).toEqual({
      page_urls: [`https://${domain.host}/`, `http://${tenant.slug}.localhost:${port}/`],
      pages_host: 'pages.localhost',
      is_shown: true,
    })
    await record(domain.host, {})
  })
})
