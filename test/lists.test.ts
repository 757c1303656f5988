import { beforeAll, describe, expect, inject, it } from 'vitest'
import { z } from 'zod'
import { functionNames, routesOf } from './http/apps.ts'
import { call, problemOf } from './kit/call.ts'
import { makePerson, type Person } from './kit/people.ts'
import type { List, ListRules, Row } from './kit/rules/lists.ts'
import { loadRules, mergeOnce } from './kit/rules/load.ts'
import { makeTenant, type Tenant } from './kit/tenants.ts'

// Every list of every function is paged in the one way that docs/architecture.md promises. How each is sorted, and how
// it comes to have rows, is declared beside its domain, in a lists.rules.ts.

const rules: ListRules = mergeOnce('list', await loadRules<ListRules>('lists'))
const lists: Record<string, List> = Object.fromEntries(
  Object.entries(rules).flatMap(([name, rule]) => ('noun' in rule ? [[name, rule]] : [])),
)

const routes = (await Promise.all(functionNames.map(routesOf))).flat()
const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  const make = async (path: string, body: object, method = 'POST') => {
    const response = await call(path, { method, token: owner.token, tenant: tenant.slug, body })
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
    return (await response.json()) as Row
  }
  const room = { tenant, owner, make }
  for (const { fill } of Object.values(lists)) await fill?.(room)
  for (const { fillLast } of Object.values(lists)) await fillLast?.(room)
})

const isForService = (name: string) =>
  /^(service|operator)$/.test(routes.find((route) => nameOf(route) === name)?.access?.auth ?? '')
const ask = (name: string, query = '') => {
  const names: Record<string, string> = { ref: tenant.slug, ...lists[name]?.path }
  const path = name.replace('GET ', '').replace(/:(\w+)/g, (whole, part: string) => names[part] ?? whole)
  // The service asks about this tenant too: what it reads of all of them grows while other tests run.
  const credential = isForService(name) ? { apikey: inject('stack').secret_key } : { token: owner.token }
  const more = lists[name]?.query?.(tenant)
  const asked = more === undefined ? query : `${query === '' ? '?' : `${query}&`}${more}`
  return call(`${path}${asked}`, { ...credential, tenant: tenant.slug })
}
async function read(name: string, query: string): Promise<{ rows: Row[]; next: string | null }> {
  const response = await ask(name, query)
  expect(response.status, await response.clone().text()).toBe(200)
  const answer = (await response.json()) as { next_cursor: string | null }
  const noun = lists[name]!.noun
  expect(Object.keys(answer).toSorted()).toEqual([noun, 'next_cursor'].toSorted())
  return { rows: (answer as unknown as Record<string, Row[]>)[noun]!, next: answer.next_cursor }
}

/** The list page by page, to its end. */
async function readAll(name: string, limit: number): Promise<Row[]> {
  const found: Row[] = []
  let cursor: string | null = null
  do {
    const page = await read(name, `?limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`)
    expect(page.rows.length).toBeLessThanOrEqual(limit)
    found.push(...page.rows)
    cursor = page.next
  } while (cursor !== null)
  return found
}

it('every route that answers rows is in the table', () => {
  const isArrayOfObjects = (schema: unknown) =>
    schema instanceof z.ZodArray && schema.element instanceof z.ZodObject
  const found = routes.filter(({ method, path, answers }) => {
    const schema = answers?.[200]?.schema
    if (method !== 'GET' || /:\w+$/.test(path) || !(schema instanceof z.ZodObject)) return false
    return Object.values(schema.shape).some(isArrayOfObjects)
  })
  expect(found.map(nameOf).toSorted()).toEqual(Object.keys(rules).toSorted())
})

it('no two lists have cursors of one name', async () => {
  const named = new Map<unknown, string>()
  for (const name of Object.keys(lists)) {
    const { next } = await read(name, '?limit=1')
    expect(next, name).not.toBeNull()
    const [list] = JSON.parse(Buffer.from(next!, 'base64url').toString()) as unknown[]
    expect(named.get(list), `as that of ${name}`).toBeUndefined()
    named.set(list, name)
  }
})

describe.each(Object.entries(lists))('%s', (name, { by, order }) => {
  it('says in its description how it is sorted', () => {
    expect(routes.find((route) => nameOf(route) === name)?.summary).toContain(order)
  })

  it('comes in that order, page by page, no row twice and none left out', async () => {
    const whole = await readAll(name, 100)
    expect(whole.length).toBeGreaterThan(1)
    if (by) {
      const sorted = whole.map(by).toSorted()
      expect(whole.map(by)).toEqual(order.includes('newest') ? sorted.toReversed() : sorted)
    }
    // What filling every list was recorded or told is long where there are many.
    for (const limit of whole.length > 100 ? [30] : whole.length > 20 ? [7] : [1, 3]) {
      const paged = await readAll(name, limit)
      // The audit log may have grown at its head by then.
      expect(paged.slice(-whole.length)).toEqual(whole)
    }
  })

  it('ends exactly when its last page is full', async () => {
    const rows = await readAll(name, 100)
    if (name.endsWith('/audit') || rows.length > 100) return
    expect((await read(name, `?limit=${rows.length}`)).next).toBeNull()
    expect((await read(name, `?limit=${rows.length - 1}`)).next).not.toBeNull()
  })

  // Each cursor names its list, and no two lists have one name: so another one's stands for all of them.
  it('refuses a cursor of another list', async () => {
    const names = Object.keys(lists)
    const other = names[(names.indexOf(name) + 1) % names.length]!
    const { next } = await read(other, '?limit=1')
    expect(await problemOf(await ask(name, `?cursor=${next}`))).toEqual(refusedAt('/cursor'))
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
