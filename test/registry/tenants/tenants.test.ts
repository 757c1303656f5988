import { describe, expect, it } from 'vitest'
import { Tenant, Tenants } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { makePerson } from '../../kit/people.ts'
import { freshSlug, makeTenant } from '../../kit/tenants.ts'

const create = (token: string, body: unknown) => call('/registry/tenants', { token, body })

describe('creating a tenant', () => {
  it('makes its creator the owner, in trial, with a page that is up', async () => {
    const person = await makePerson()
    const slug = freshSlug()
    const response = await create(person.token, {
      slug,
      name: ' Mara Coaching ',
      locale: 'de-CH',
      tenant_type: 'agency',
    })
    expect(response.status).toBe(201)
    const tenant = Tenant.parse(await response.json())
    expect(tenant).toMatchObject({
      slug,
      name: 'Mara Coaching',
      status: 'trial',
      kind: 'customer',
      role: 'owner',
      locale: 'de-CH',
    })
    const location = new URL(response.headers.get('location') ?? '', response.url)
    expect(location.pathname).toBe(`/functions/v1/registry/tenants/${tenant.ref_id}`)
    expect(
      Tenant.parse(
        await (await fetch(location, { headers: { authorization: `Bearer ${person.token}` } })).json(),
      ),
    ).toEqual(tenant)
    expect((await call(`/branding/by-slug/${slug}`)).status).toBe(200)
  })

  it.each<[unknown, number, string, string[]]>([
    [{ slug: 'leadingwithmeaning', name: 'x' }, 409, 'slug_taken', ['/slug']],
    [{ slug: 'admin', name: 'x' }, 422, 'slug_reserved', ['/slug']],
    [{ slug: 'xn--80ak6aa92e', name: 'x' }, 422, 'slug_reserved', ['/slug']],
    [{ slug: 'ab', name: 'x' }, 422, 'slug_invalid', ['/slug']],
    [{ slug: 'a'.repeat(41), name: 'x' }, 422, 'slug_invalid', ['/slug']],
    [{ slug: 'Upper-Case', name: 'x' }, 422, 'slug_invalid', ['/slug']],
    [{ slug: '-dash', name: 'x' }, 422, 'slug_invalid', ['/slug']],
    [{ slug: 'dash-', name: 'x' }, 422, 'slug_invalid', ['/slug']],
    [{ slug: 'under_score', name: 'x' }, 422, 'slug_invalid', ['/slug']],
    [{ slug: 'schön', name: 'x' }, 422, 'slug_invalid', ['/slug']],
    [{ slug: 'new\nline', name: 'x' }, 422, 'slug_invalid', ['/slug']],
    [{ slug: 'a'.repeat(10_000), name: 'x' }, 422, 'invalid_body', ['/slug']],
    [{ name: 'x' }, 422, 'invalid_body', ['/slug']],
    [{ slug: freshSlug() }, 422, 'invalid_body', ['/name']],
    [{ slug: freshSlug(), name: '   ' }, 422, 'invalid_body', ['/name']],
    [{ slug: freshSlug(), name: 'a\u0007b' }, 422, 'invalid_value', ['/name']],
    [{ slug: freshSlug(), name: 'x', locale: 'english' }, 422, 'invalid_body', ['/locale']],
    [{ slug: freshSlug(), name: 'x', plan: 'enterprise' }, 422, 'invalid_body', ['/plan']],
    [
      { slug: freshSlug(), name: 'x', kind: 'platform', status: 'active' },
      422,
      'invalid_body',
      ['/kind', '/status'],
    ],
  ])('refuses %j', async (body, status, code, pointers) => {
    const { token } = await makePerson()
    const refusal = await problemOf(await create(token, body))
    expect({ ...refusal, pointers: refusal.pointers.toSorted() }).toEqual({ status, code, pointers })
    expect(Tenants.parse(await (await call('/registry/tenants', { token })).json()).tenants).toEqual([])
  })

  it('gives a slug that two people claim at once to one of them', async () => {
    const people = await Promise.all(Array.from({ length: 8 }, makePerson))
    const slug = freshSlug()
    const answers = await Promise.all(people.map(({ token }) => create(token, { slug, name: 'Mine' })))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([
      201,
      ...Array.from({ length: 7 }, () => 409),
    ])
    const winners = await Promise.all(
      people.map(async ({ token }) => (await call(`/registry/tenants/${slug}`, { token })).status),
    )
    expect(winners.filter((status) => status === 200)).toHaveLength(1)
  })
})

describe('the list of tenants', () => {
  it("is one's own, page by page", async () => {
    const person = await makePerson()
    const made = [
      await makeTenant({ owner: person }),
      await makeTenant({ reviewer: person }),
      await makeTenant({ admin: person }),
    ]
    await makeTenant({ owner: await makePerson() })
    await makeTenant({ owner: person, status: 'archived' })
    const seen: string[] = []
    let cursor = ''
    for (;;) {
      const page = Tenants.parse(
        await (await call(`/registry/tenants?limit=2${cursor}`, { token: person.token })).json(),
      )
      seen.push(...page.tenants.map(({ ref_id, role }) => `${ref_id} ${role}`))
      if (page.next_cursor === null) break
      cursor = `&cursor=${page.next_cursor}`
    }
    expect(seen).toEqual(
      made.map(({ ref_id }, index) => `${ref_id} ${['owner', 'reviewer', 'admin'][index]}`).toReversed(),
    )
  })
  it.each(['limit=0', 'limit=101', 'limit=x', 'cursor=nothing', 'after=1', 'offset=2'])(
    'refuses %s',
    async (search) => {
      const { token } = await makePerson()
      expect(await problemOf(await call(`/registry/tenants?${search}`, { token }))).toMatchObject({
        status: 422,
        code: 'invalid_query',
      })
    },
  )
})

describe('renaming', () => {
  it('moves the tenant to the new slug; only its old name redirects', async () => {
    const owner = await makePerson()
    const tenant = await makeTenant({ owner })
    const slug = freshSlug()
    const renamed = await call(`/registry/tenants/${tenant.slug}/slug`, {
      token: owner.token,
      body: { slug },
    })
    expect(Tenant.parse(await renamed.json())).toMatchObject({ ref_id: tenant.ref_id, slug })
    expect((await call(`/registry/tenants/${tenant.slug}`, { token: owner.token })).status).toBe(404)
    expect((await call(`/registry/tenants/${slug}`, { token: owner.token })).status).toBe(200)
    const old = await call(`/branding/by-slug/${tenant.slug}`)
    expect([old.status, old.headers.get('location')]).toEqual([308, slug])
    const other = await makePerson()
    expect(await problemOf(await create(other.token, { slug: tenant.slug, name: 'x' }))).toMatchObject({
      code: 'slug_taken',
    })
  })
  it.each([
    ['leadingwithmeaning', 409, 'slug_taken'],
    ['billing', 422, 'slug_reserved'],
    ['No', 422, 'slug_invalid'],
  ])('to %s is refused', async (slug, status, code) => {
    const owner = await makePerson()
    const tenant = await makeTenant({ owner })
    const response = await call(`/registry/tenants/${tenant.slug}/slug`, {
      token: owner.token,
      body: { slug },
    })
    expect(await problemOf(response)).toEqual({ status, code, pointers: ['/slug'] })
  })
})

describe('a tenant that is not active', () => {
  it.each([
    ['frozen', 200, 403, 'tenant_frozen'],
    ['trial', 200, 403, 'trial_ended'],
    ['archived', 404, 404, 'tenant_not_found'],
  ] as const)('%s: reading is %i, changing %i %s', async (status, reading, changing, code) => {
    const owner = await makePerson()
    const { slug } = await makeTenant({ owner, status })
    expect((await call(`/registry/tenants/${slug}`, { token: owner.token })).status).toBe(reading)
    for (const [method, path, body] of [
      ['PATCH', '', { name: 'New' }],
      ['POST', '/slug', { slug: freshSlug() }],
      ['PATCH', `/members/${owner.refId}`, { role: 'admin' }],
    ] as const) {
      const response = await call(`/registry/tenants/${slug}${path}`, { method, token: owner.token, body })
      expect(await problemOf(response)).toMatchObject({ status: changing, code })
    }
  })
})

it('a change names what changes', async () => {
  const owner = await makePerson()
  const { slug } = await makeTenant({ owner })
  const patch = (body: unknown) =>
    call(`/registry/tenants/${slug}`, { method: 'PATCH', token: owner.token, body })
  expect(Tenant.parse(await (await patch({ name: 'New name' })).json())).toMatchObject({
    name: 'New name',
    locale: 'en',
  })
  expect(Tenant.parse(await (await patch({ locale: 'fr' })).json())).toMatchObject({
    name: 'New name',
    locale: 'fr',
  })
  for (const body of [{}, { status: 'active' }, { slug: 'x' }, { name: null }]) {
    expect(await problemOf(await patch(body))).toMatchObject({ status: 422, code: 'invalid_body' })
  }
})
