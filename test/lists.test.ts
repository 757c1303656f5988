import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { functionNames, routesOf } from './http/apps.ts'
import { call, problemOf } from './kit/call.ts'
import { admin, superuser } from './kit/db.ts'
import { makePerson, type Person } from './kit/people.ts'
import { makeTenant, type Tenant } from './kit/tenants.ts'
import { makeHistory } from './webhooks/history.ts'

// Every list of every function is paged in the one way that docs/architecture.md promises.

type Row = Record<string, string>
interface List {
  /** The plural noun that the rows stand under. */
  noun: string
  /** What the rows are sorted by. A list whose rows do not show it says null. */
  by: ((row: Row) => string) | null
  order:
    | 'the newest first'
    | 'those of the newest messages first'
    | 'by name'
    | 'by kind'
    | 'the highest first'
}

const newest = { by: (row: Row) => row.ref_id!, order: 'the newest first' } as const
const lists: Record<string, List> = {
  'GET /branding/domains': { noun: 'domains', ...newest },
  'GET /registry/tenants': { noun: 'tenants', ...newest },
  'GET /registry/tenants/:ref/members': {
    noun: 'members',
    by: (row) => row.created_at!,
    order: 'the newest first',
  },
  'GET /registry/tenants/:ref/invitations': { noun: 'invitations', ...newest },
  'GET /registry/tenants/:ref/projects': { noun: 'projects', ...newest },
  'GET /registry/tenants/:ref/api-keys': { noun: 'api_keys', ...newest },
  'GET /registry/tenants/:ref/identity-providers': {
    noun: 'identity_providers',
    by: (row) => row.type!,
    order: 'by kind',
  },
  'GET /registry/tenants/:ref/products': { noun: 'products', by: (row) => row.product!, order: 'by name' },
  'GET /registry/tenants/:ref/audit': {
    noun: 'events',
    by: (row) => String(row.seq).padStart(9),
    order: 'the newest first',
  },
  'GET /registry/products': { noun: 'products', by: (row) => row.product!, order: 'by name' },
  'GET /registry/roles': {
    noun: 'roles',
    by: (row) => String(['owner', 'admin', 'member', 'reviewer'].indexOf(row.role!)),
    order: 'the highest first',
  },
  'GET /webhooks/endpoints': { noun: 'endpoints', ...newest },
  'GET /webhooks/messages': { noun: 'messages', by: (row) => row.id!, order: 'the newest first' },
  'GET /webhooks/deliveries': {
    noun: 'deliveries',
    by: (row) => `${row.message_id} ${row.endpoint_id}`,
    order: 'those of the newest messages first',
  },
  'GET /webhooks/attempts': { noun: 'attempts', ...newest },
  'GET /webhooks/event-types': { noun: 'event_types', by: (row) => row.type!, order: 'by name' },
}
/** An answer about one tenant that happens to hold arrays. */
const noList = new Set(['GET /registry/tenants/:ref/entitlements'])

const routes = (await Promise.all(functionNames.map(routesOf))).flat()
const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  for (let n = 0; n < 2; n++) await makeTenant({ owner })
  tenant = await makeTenant({ owner, admin: await makePerson(), reviewer: await makePerson() })
  const { token } = owner
  const make = async (path: string, body: object, method = 'POST') => {
    const response = await call(path, { method, token, tenant: tenant.slug, body })
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
    return (await response.json()) as Row
  }
  await admin.query(
    `insert into public.tenant_products (tenant_id, product) select $1, product from public.products`,
    [tenant.id],
  )
  const at = `/registry/tenants/${tenant.slug}`
  const endpoints: string[] = []
  for (const n of ['one', 'two', 'three']) {
    await make('/branding/domains', { host: `${n}.${tenant.slug}.example` })
    await make(`${at}/invitations`, { email: `${n}@example.com` })
    await make(`${at}/projects`, { slug: n, name: n })
    await make(`${at}/api-keys`, { name: n, scopes: ['usage:write'] })
    endpoints.push((await make('/webhooks/endpoints', { kind: 'poll' })).ref_id!)
  }
  await make(`${at}/identity-providers/saml`, { metadata_url: 'https://idp.example/metadata' }, 'PUT')
  await make(`${at}/identity-providers/oidc`, { issuer: 'https://idp.example', client_id: 'x' }, 'PUT')
  // What was made above is told to the endpoints by and by. A list that grows proves nothing.
  await superuser.query('delete from public.webhook_events where tenant_id = $1', [tenant.id])
  const everywhere = Object.fromEntries(endpoints.map((ref) => [ref, 'dead' as const]))
  await makeHistory(tenant.id, [
    { minutesAgo: 3, at: everywhere },
    { minutesAgo: 2, at: everywhere },
    { minutesAgo: 1, at: everywhere },
  ])
  // That somebody reads the audit log is a row of it, once a minute.
  await call(`${at}/audit`, { token })
})

const ask = (name: string, query = '') =>
  call(`${name.replace('GET ', '').replace(':ref', tenant.slug)}${query}`, {
    token: owner.token,
    tenant: tenant.slug,
  })
async function read(name: string, query: string): Promise<{ rows: Row[]; next: string | null }> {
  const response = await ask(name, query)
  expect(response.status, await response.clone().text()).toBe(200)
  const answer = (await response.json()) as { next_cursor: string | null }
  const noun = lists[name]!.noun
  expect(Object.keys(answer).toSorted()).toEqual([noun, 'next_cursor'].toSorted())
  return { rows: (answer as unknown as Record<string, Row[]>)[noun]!, next: answer.next_cursor }
}

it('every route that answers rows is in the table', () => {
  const isArrayOfObjects = (schema: unknown) =>
    schema instanceof z.ZodArray && schema.element instanceof z.ZodObject
  const found = routes.filter(({ method, path, answers }) => {
    const schema = answers?.[200]?.schema
    if (method !== 'GET' || /:\w+$/.test(path) || !(schema instanceof z.ZodObject)) return false
    return Object.values(schema.shape).some(isArrayOfObjects)
  })
  expect(
    found
      .map(nameOf)
      .filter((name) => !noList.has(name))
      .toSorted(),
  ).toEqual(Object.keys(lists).toSorted())
})

describe.each(Object.entries(lists))('%s', (name, { by, order }) => {
  it('says in its description how it is sorted', () => {
    expect(routes.find((route) => nameOf(route) === name)?.summary).toContain(order)
  })

  it('comes in that order, page by page, no row twice and none left out', async () => {
    const whole = await read(name, '?limit=100')
    expect(whole.next).toBeNull()
    expect(whole.rows.length).toBeGreaterThan(1)
    if (by) {
      const sorted = whole.rows.map(by).toSorted()
      expect(whole.rows.map(by)).toEqual(order.includes('newest') ? sorted.toReversed() : sorted)
    }
    for (const limit of [1, 3]) {
      const paged: Row[] = []
      let cursor: string | null = null
      do {
        const page = await read(name, `?limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`)
        expect(page.rows.length).toBeLessThanOrEqual(limit)
        paged.push(...page.rows)
        cursor = page.next
      } while (cursor !== null)
      // The audit log may have grown at its head by then.
      expect(paged.slice(-whole.rows.length)).toEqual(whole.rows)
    }
  })

  it('ends exactly when its last page is full', async () => {
    const { rows } = await read(name, '?limit=100')
    if (name.endsWith('/audit') || rows.length > 100) return
    expect((await read(name, `?limit=${rows.length}`)).next).toBeNull()
    expect((await read(name, `?limit=${rows.length - 1}`)).next).not.toBeNull()
  })

  it('refuses a cursor of every other list', async () => {
    for (const other of Object.keys(lists).filter((each) => each !== name)) {
      const { next } = await read(other, '?limit=1')
      expect(next, other).not.toBeNull()
      expect(await problemOf(await ask(name, `?cursor=${next}`))).toEqual(refusedAt('/cursor'))
    }
  })

  it.each([
    ['?limit=0', '/limit'],
    ['?limit=101', '/limit'],
    ['?limit=-1', '/limit'],
    ['?limit=1.5', '/limit'],
    ['?limit=many', '/limit'],
    ['?limit=', '/limit'],
    ['?cursor=', '/cursor'],
    ['?cursor=nonsense', '/cursor'],
    ['?cursor=W10', '/cursor'],
    ['?cursor=bnVsbA', '/cursor'],
    ['?cursor=%F0%9F%9A%80', '/cursor'],
    [`?cursor=${'A'.repeat(501)}`, '/cursor'],
    ['?offset=2', '/offset'],
    ['?page=2', '/page'],
    ['?after=2', '/after'],
  ])('refuses %s', async (query, pointer) => {
    expect(await problemOf(await ask(name, query))).toEqual(refusedAt(pointer))
  })

  it('refuses its own cursor once it is changed', async () => {
    const { next } = await read(name, '?limit=1')
    const [list, ...values] = JSON.parse(Buffer.from(next!, 'base64url').toString()) as unknown[]
    const spoilt = [
      [list],
      [list, ...values, 'more'],
      [list, ...values.map(() => null)],
      [list, ...values.map(() => "x' or true --")],
      [list, ...values.map(() => '\0')],
      ['another', ...values],
      { list, values },
    ]
    for (const each of spoilt) {
      const cursor = Buffer.from(JSON.stringify(each)).toString('base64url')
      expect(await problemOf(await ask(name, `?cursor=${cursor}`)), cursor).toEqual(refusedAt('/cursor'))
    }
    expect(await problemOf(await ask(name, `?cursor=${next}=`))).toEqual(refusedAt('/cursor'))
    expect(await problemOf(await ask(name, `?cursor=${next}&cursor=${next}`))).toEqual(refusedAt('/cursor'))
  })
})

const refusedAt = (pointer: string) => ({ status: 422, code: 'invalid_query', pointers: [pointer] })
