import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { AuditEvents } from '../../../lib/audit/schema.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

// The platform reads the logs of all tenants as one, across products, as requirement document 003 asks.

const secret = { apikey: inject('stack').secret_key }
/** The tenant is named in the header, and all else in the query. */
const read = async ({ tenant, ...query }: Record<string, string>) => {
  const response = await call(`/registry/audit?${new URLSearchParams(query)}`, {
    ...secret,
    ...(tenant !== undefined && { tenant }),
  })
  expect(response.status).toBe(200)
  return AuditEvents.parse(await response.json())
}
const product = `platform-${randomBytes(6).toString('hex')}`
const action = `bench.${product.replace('-', '_')}`

let owner: Person
let one: Tenant
let two: Tenant
beforeAll(async () => {
  owner = await makePerson()
  one = await makeTenant({ owner })
  two = await makeTenant({ owner })
  await superuser.query(`select private.register_audit_action($1, 'u')`, [action])
  for (const { id } of [one, two, one])
    await superuser.query(`select private.record_audit($1, $2, 'thing', 'the-thing', product => $3)`, [
      id,
      action,
      product,
    ])
})
afterAll(() => superuser.query('delete from private.audit_actions where action = $1', [action]))

describe('the logs of all tenants as one', () => {
  it('are filtered by product, across tenants, the newest first', async () => {
    const { events } = await read({ product })
    expect(events.map((event) => [event.tenant_id, event.action])).toEqual([
      [one.id, action],
      [two.id, action],
      [one.id, action],
    ])
  })

  it('go on page by page, each row once', async () => {
    const ids: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: AuditEvents = await read({ product, limit: '1', ...(cursor && { cursor }) })
      ids.push(...page.events.map(({ id }) => id))
      cursor = page.next_cursor
    }
    expect(ids).toEqual((await read({ product })).events.map(({ id }) => id))
    expect(ids).toHaveLength(3)
  })

  it('are filtered by tenant, actor, action, target, time and failure, together', async () => {
    const count = async (query: Record<string, string>) => (await read({ product, ...query })).events.length
    expect(await count({ tenant: two.slug })).toBe(1)
    expect(await count({ tenant: one.ref_id, action })).toBe(2)
    expect(await count({ tenant: one.ref_id, action: 'tenants.created' })).toBe(0)
    expect(await count({ actor: 'database' })).toBe(3)
    expect(await count({ actor: owner.refId })).toBe(0)
    expect(await count({ target: 'the-thing' })).toBe(3)
    expect(await count({ is_failure: 'true' })).toBe(0)
    const [newest, middle] = (await read({ product })).events
    expect(await count({ since: middle!.created_at })).toBe(2)
    expect(await count({ until: newest!.created_at })).toBe(2)
    expect(await count({ since: '2020-01-01T00:00:00Z', until: '2020-01-02T00:00:00Z' })).toBe(0)
  })

  it('find a tenant that is gone by its ref_id', async () => {
    const gone = await makeTenant({ owner })
    await admin.query('delete from public.tenants where id = $1', [gone.id])
    const { events } = await read({ tenant: gone.ref_id, action: 'tenants.deleted' })
    expect(events.map(({ tenant_id }) => tenant_id)).toEqual([gone.id])
    expect(await problemOf(await call('/registry/audit', { ...secret, tenant: gone.slug }))).toMatchObject({
      status: 404,
      code: 'tenant_not_found',
    })
  })

  it.each(['tenant=x', 'project=x', 'since=yesterday', 'is_failure=maybe', 'cursor=x', 'limit=101', 'seq=1'])(
    'refuse the question %s',
    async (query) => {
      expect(await problemOf(await call(`/registry/audit?${query}`, secret))).toMatchObject({
        status: 422,
        code: 'invalid_query',
      })
    },
  )

  it('are for the service alone, in SQL too', async () => {
    expect((await call('/registry/audit', { token: owner.token })).status).toBe(403)
    expect((await call('/registry/audit')).status).toBe(401)
    const { rows } = await superuser.query<{ role: string }>(
      `select role from unnest('{anon,authenticated,authenticator}'::text[]) as role
       where has_function_privilege(role, (select oid from pg_proc where proname = 'read_platform_audit_log'), 'execute')`,
    )
    expect(rows).toEqual([])
  })

  it('are read along an index, whatever the filter', async () => {
    for (const column of ['product', 'actor_id', 'action', 'id']) {
      const { rows } = await superuser.query<{ columns: string }>(
        `select pg_get_indexdef(indexrelid) as columns from pg_index where indrelid = 'public.audit_log'::regclass`,
      )
      const wanted = column === 'id' ? '(id DESC)' : `(${column}, id DESC)`
      expect(
        rows.filter(({ columns }) => columns.includes(wanted)),
        column,
      ).toHaveLength(1)
    }
  })
})

describe('the reading', () => {
  const viewed = async (tenant: string, seq: string) =>
    (
      await superuser.query(
        `select actor_type, actor_id, host(source_ip) as source_ip, metadata from public.audit_log
         where tenant_id = $1 and seq > $2 and action = 'audit.viewed' order by seq`,
        [tenant, seq],
      )
    ).rows
  const lastOf = async (tenant: string) =>
    (await superuser.query('select max(seq) as seq from public.audit_log where tenant_id = $1', [tenant]))
      .rows[0].seq

  it('of one tenant is recorded in the log of that tenant, once a minute for each question', async () => {
    const last = await lastOf(two.id)
    await read({ tenant: two.slug, action: 'a.b' })
    await read({ tenant: two.slug, action: 'a.b' })
    await read({ tenant: two.slug, action: 'c.d' })
    const by = { actor_type: 'service', actor_id: 'service_role', source_ip: '127.0.0.1' }
    expect(await viewed(two.id, last)).toEqual([
      { ...by, metadata: { action: 'a.b', is_platform: true } },
      { ...by, metadata: { action: 'c.d', is_platform: true } },
    ])
  })

  it("of all tenants is recorded in the platform's own log", async () => {
    const platform = '00000000-0000-7000-8000-000000000001'
    const last = (await lastOf(platform)) ?? '0'
    const question = { action: `asked.by_${product.slice(9)}` }
    await read(question)
    expect(await viewed(platform, last)).toContainEqual(
      expect.objectContaining({ metadata: { ...question, is_platform: true } }),
    )
  })
})

describe('the project that a row is about', () => {
  it("is named by the project's own rows, and can be asked for", async () => {
    const at = `/registry/tenants/${one.slug}/projects`
    await admin.query(`insert into public.tenant_products (tenant_id, product) values ($1, 'marketing')`, [
      one.id,
    ])
    const response = await call(at, { token: owner.token, body: { slug: 'spring', name: 'Spring' } })
    expect(response.status).toBe(201)
    const project = (await response.json()) as { ref_id: string }
    await call(`${at}/spring`, { method: 'PATCH', token: owner.token, body: { name: 'Summer' } })
    const mine = await call(`/registry/tenants/${one.slug}/audit?project=${project.ref_id}`, {
      token: owner.token,
    })
    const found = AuditEvents.parse(await mine.json()).events
    expect(found.map(({ action }) => action)).toEqual(['tenant_projects.updated', 'tenant_projects.created'])
    expect(found.map(({ target_id }) => target_id)).toEqual([project.ref_id, project.ref_id])
    expect(new Set(found.map(({ project_id }) => project_id)).size).toBe(1)
    expect((await read({ project: project.ref_id })).events).toHaveLength(2)
  })

  it('is the one that a row of another table names', async () => {
    const { rows } = await superuser.query<{ relation: string; column: string }>(
      // The trigger's last argument. Every table with a project has it.
      `select t.tgrelid::regclass::text as relation, convert_from(t.tgargs, 'utf8') as column from pg_trigger as t
       join pg_attribute as a on a.attrelid = t.tgrelid and a.attname = 'project_id'
       where t.tgfoid = 'private.tg_audit'::regproc`,
    )
    expect(rows.filter(({ column }) => !column.includes('project_id'))).toEqual([])
  })
})
