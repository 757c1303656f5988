import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { functionNames, routesOf } from '../../http/apps.ts'
import { personId, tenantId } from '../../isolation/matrix/callers.ts'
import { declared } from '../../isolation/matrix/declared.ts'
import { beginWorld } from '../../isolation/matrix/run.ts'
import { call, problemOf } from '../../kit/call.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { loadRules, mergeOnce } from '../../kit/rules/load.ts'
import type { RouteRules } from '../../kit/rules/routes.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

// A frozen tenant, and one whose trial has ended, is read-only by every way there is. The tables, functions and
// routes are read from the catalog and the route table; what may still be done is listed, with its reason: of routes and
// functions in their rules (whenFrozen).

/** Where rows change all the same. */
const stillWritable: Record<string, string> = {
  user_profiles: 'people are not their tenant: their own name is theirs',
}
const rules = mergeOnce('route', await loadRules<RouteRules>('routes'))
const states = [
  { state: 'frozen', tenant: 'frozen', owner: 'frozen-owner', code: 'tenant_frozen' },
  { state: 'trial', tenant: 'ended', owner: 'ended-owner', code: 'trial_ended' },
] as const

const db = new Client({ connectionString: inject('stack').admin_db_url })
/** One attempt as a person, undone: how many rows it changed, or the refusal. */
async function attempt(person: string, sql: string): Promise<string> {
  await db.query('savepoint attempt')
  try {
    await db.query(
      `select set_config('request.jwt.claims', $1, true), set_config('role', 'authenticated', true)`,
      [JSON.stringify({ role: 'authenticated', sub: personId(person) })],
    )
    const { rowCount } = await db.query(sql)
    return `${rowCount} rows`
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return code.startsWith('PT') ? message : code
  } finally {
    await db.query('rollback to savepoint attempt')
  }
}

describe('in SQL', () => {
  beforeAll(async () => {
    await db.connect()
    await beginWorld(db)
  })
  // Before anything else is made: this holds what a test of another file may be waiting for.
  afterAll(async () => {
    await db.query('rollback')
    await db.end()
  })

  describe.each(states)('the owner of a tenant that is $tenant', ({ tenant, owner, code }) => {
    it('changes no row of any table that people can write to', async () => {
      const { rows: writable } = await db.query<{
        name: string
        key: string
        privilege: string
        columns: string[]
      }>(
        `select c.relname as name, p.privilege,
         array(select quote_ident(a.attname) from pg_attribute as a
           where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
             and case when p.privilege = 'delete' then false
               else has_column_privilege('authenticated', c.oid, a.attnum, p.privilege) end) as columns,
         (select a.attname from pg_attribute as a where a.attrelid = c.oid and a.attname in ('tenant_id', 'id', 'user_id')
           order by a.attname <> 'tenant_id', a.attname limit 1) as key
       from pg_class as c, unnest(array['insert', 'update', 'delete']) as p (privilege)
       where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
         and case when p.privilege = 'delete' then has_table_privilege('authenticated', c.oid, p.privilege)
           else has_any_column_privilege('authenticated', c.oid, p.privilege) end
         and (c.relkind <> 'v' or p.privilege = 'update') order by 1, 2`,
      )
      expect(writable.length).toBeGreaterThan(10)
      const changed: string[] = []
      const exceptionsMet = new Set<string>()
      for (const { name, key, privilege, columns } of writable) {
        const statements =
          privilege === 'delete'
            ? [`delete from public.${name}`]
            : privilege === 'update'
              ? columns.map((column) => `update public.${name} set ${column} = ${column}`)
              : [`insert into public.${name} (${key}) values ('${tenantId(tenant)}')`]
        // A view's trigger sees no difference in a column that stays as it is; it must be a change.
        if (name === 'tenant_profiles')
          statements.splice(0, Infinity, `update public.${name} set display_name = 'x'`)
        for (const statement of statements) {
          const answer = await attempt(owner, statement)
          if (name in stillWritable) exceptionsMet.add(name)
          else if (!['0 rows', '42501', code].includes(answer)) changed.push(`${statement}: ${answer}`)
        }
      }
      expect(changed).toEqual([])
      expect([...exceptionsMet]).toEqual(Object.keys(stillWritable))
    })

    it('is refused by every function that changes something', async () => {
      const { rows } = await db.query<{ name: string }>(
        `select proname as name from pg_proc where pronamespace = 'public'::regnamespace and provolatile = 'v'
         and has_function_privilege('authenticated', oid, 'execute') order by 1`,
      )
      const answers: Record<string, string> = {}
      for (const { name } of rows) {
        if (declared.functions[name]?.whenFrozen) continue
        answers[name] = await attempt(owner, declared.functions[name]?.call(tenant) ?? 'select 1')
      }
      expect(answers).toEqual(Object.fromEntries(Object.keys(answers).map((name) => [name, code])))
      expect(Object.keys(answers).length).toBeGreaterThan(2)
    })
  })
})

describe.each(states)('over HTTP, the owner of a tenant that is $tenant', ({ state, code }) => {
  let person: Person
  let member: Person
  let home: Tenant
  beforeAll(async () => {
    person = await makePerson()
    member = await makePerson()
    home = await makeTenant({ owner: person, member, status: state })
  })

  it('is refused by every route that changes something', async () => {
    const routes = (await Promise.all(functionNames.map(routesOf))).flat()
    const mutating = routes.filter(({ method }) => method !== 'GET' && method !== 'HEAD')
    expect(mutating.length).toBeGreaterThan(5)
    const wrong: string[] = []
    for (const { method, path, access } of mutating) {
      const name = `${method} ${path}`
      if (rules[name]?.whenFrozen) continue
      // The state of the tenant is asked before the body is looked at, so any will do.
      const target = path
        .replace(':ref', home.slug)
        .replace(':user', member.refId)
        .replace(/:\w+/g, member.refId)
      const answer = await problemOf(
        await call(target, { method, token: person.token, tenant: home.slug, body: {} }),
      )
      // Some are not for people at all, whatever their tenant is.
      const isForOthers = access?.auth === 'service' || access?.auth === 'operator'
      const expected = isForOthers ? 'forbidden' : code
      if (answer.status !== 403 || answer.code !== expected)
        wrong.push(`${name}: ${answer.status} ${answer.code}`)
    }
    expect(wrong).toEqual([])
  })

  it('still reads, exports and leaves', async () => {
    const at = `/registry/tenants/${home.slug}`
    const get = async (path: string, by = person) => {
      const response = await call(path, { token: by.token, tenant: home.slug })
      await response.text()
      return response.status
    }
    expect(await get(at)).toBe(200)
    expect(await get(`${at}/members`)).toBe(200)
    expect(await get('/branding/brand')).toBe(200)
    expect(await get(`${at}/export`)).toBe(200)
    const left = await call(`${at}/members/${member.refId}`, { method: 'DELETE', token: member.token })
    expect(left.status).toBe(204)
  })
})
