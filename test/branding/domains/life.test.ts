import { beforeEach, describe, expect, inject, it } from 'vitest'
import { call } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { freshSlug, makeTenant, type Tenant } from '../../kit/tenants.ts'
import { domainsOf, freshHost, pageOf, record } from './world.ts'

let owner: Person
let tenant: Tenant
let domains: ReturnType<typeof domainsOf>
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  domains = domainsOf(owner, tenant)
})

describe('a domain, from adding to removing', () => {
  it('is added, verified by its record, routes, becomes primary, and routes no longer when removed', async () => {
    const host = freshHost()
    const added = await domains.add(host)
    expect(added).toMatchObject({
      host,
      status: 'pending',
      is_primary: false,
      verified_at: null,
      last_check: null,
      record: { type: 'TXT', name: `_tenantry.${host}`, value: expect.stringMatching(/^[0-9a-f]{40}$/) },
    })
    expect(await pageOf(host)).toBe(404)
    expect(await domains.verify(added)).toMatchObject({
      status: 'pending',
      last_check: { result: 'no_such_name', detail: expect.stringContaining(`_tenantry.${host}`) },
    })
    expect(await pageOf(host)).toBe(404)

    await record(host, { txt: [added.record.value] })
    const verified = await domains.verify(added)
    expect(verified).toMatchObject({
      status: 'verified',
      is_primary: true,
      last_check: { result: 'token_found' },
    })
    expect(verified.verified_at).not.toBeNull()
    // At once, although it was looked up a moment ago and found to be nobody's.
    expect(await pageOf(host)).toBe(tenant.slug)
    expect(await pageOf(`www.${host.toUpperCase()}.:443`)).toBe(tenant.slug)
    const asVisitor = await fetch(`${inject('stack').api_url}/functions/v1/branding/by-domain/${host}`)
    expect(await asVisitor.json()).toMatchObject({ slug: tenant.slug })
    const { rows } = await admin.query('select custom_domain from public.tenant_profiles where id = $1', [
      tenant.id,
    ])
    expect(rows).toEqual([{ custom_domain: host }])

    expect((await domains.tryToRemove(verified)).status).toBe(204)
    expect(await pageOf(host)).toBe(404)
    expect(await domains.list()).toEqual([])
    expect((await domains.tryToRemove(verified)).status).toBe(404)
  })

  it('that is added again after its removal has another token: the old record proves nothing', async () => {
    const first = await domains.addVerified()
    await domains.tryToRemove(first)
    const again = await domains.add(first.host)
    expect(again.record.value).not.toBe(first.record.value)
    expect(await domains.verify(again)).toMatchObject({
      status: 'pending',
      last_check: { result: 'wrong_token' },
    })
  })
})

describe('a slug that was given up', () => {
  it('leads on by host too: <old>.<base domain> answers 308 to the new one', async () => {
    const renamed = await makeTenant({ owner })
    const slug = freshSlug()
    const response = await call(`/registry/tenants/${renamed.slug}/slug`, {
      token: owner.token,
      body: { slug },
    })
    expect(response.status).toBe(200)
    const moved = await call(`/branding/resolve?host=${renamed.slug}.localhost`)
    expect(moved.status).toBe(308)
    expect(moved.headers.get('location')).toBe(`by-slug/${slug}`)
    // What the page of the old address does: it follows.
    const page = await fetch(
      `${inject('stack').api_url}/functions/v1/branding/resolve?host=${renamed.slug}.localhost`,
    )
    expect(await page.json()).toMatchObject({ slug })
  })
})
