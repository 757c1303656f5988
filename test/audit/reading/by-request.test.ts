import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { call } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { type Page, readPage } from './log.ts'

let owner: Person
let tenant: Tenant
let other: Tenant
beforeAll(async () => {
  owner = await makePerson()
  ;[tenant, other] = [await makeTenant({ owner }), await makeTenant({ owner })]
})
const rename = (of: Tenant, requestId: string, name: string) =>
  call(`/registry/tenants/${of.slug}`, {
    method: 'PATCH',
    token: owner.token,
    headers: { 'x-request-id': requestId },
    body: { name },
  })

describe('the rows of one request', () => {
  it('are found by the id that its answer names, in the tenant that is asked', async () => {
    const id = randomUUID()
    const answer = await rename(tenant, id, 'One')
    expect(answer.headers.get('x-request-id')).toBe(id)
    await rename(other, id, 'Two')
    await rename(tenant, randomUUID(), 'Three')
    const { events } = await readPage(tenant, owner.token, `?request_id=${id}`)
    expect(events).toMatchObject([
      { action: 'tenants.updated', target_name: 'One', request_id: id, tenant_id: tenant.id },
    ])
    expect((await readPage(tenant, owner.token, `?request_id=${randomUUID()}`)).events).toEqual([])
    expect((await readPage(tenant, owner.token, `?request_id=${id}&action=tenants.created`)).events).toEqual(
      [],
    )
    // The question is part of the log.
    const { events: asked } = await readPage(tenant, owner.token, '?action=audit.viewed')
    expect(asked).toContainEqual(expect.objectContaining({ metadata: { request_id: id } }))
    const platform = await call(`/registry/audit?request_id=${id}`, { apikey: inject('stack').secret_key })
    const { events: all } = (await platform.json()) as Page
    expect(all.map((event) => event.tenant_id)).toEqual([other.id, tenant.id])
  })

  it('are looked up by an index that holds no other tenant’s', async () => {
    const db = await superuser.connect()
    try {
      await db.query('begin')
      await db.query(
        `insert into public.audit_log (tenant_id, seq, actor_type, action, crud, component, request_id, payload_hash, prev_hash, hash)
         select t, 1000 + n, 'system', 'tenants.updated', 'u', 'database', 'request-' || n % 2000, h, h, h
         from unnest($1::uuid[]) as t, generate_series(1, 10000) as n, (values (repeat('0', 64))) as z (h)`,
        [[tenant.id, other.id]],
      )
      await db.query('analyze public.audit_log')
      const { rows } = await db.query<{ 'QUERY PLAN': string }>(
        `explain select * from public.audit_log where tenant_id = $1 and request_id = 'request-7' order by seq desc limit 50`,
        [tenant.id],
      )
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
      expect(plan).toContain('audit_log_request_id_idx')
      expect(plan).toMatch(/Index Cond: \(\(request_id = .+\) AND \(tenant_id = /)
    } finally {
      await db.query('rollback')
      db.release()
    }
  })
})

describe('the actions that there are', () => {
  it('hold every action of the log', async () => {
    const known = new Map<string, string>()
    let cursor = ''
    do {
      const answer = await call(`/registry/audit-actions?limit=100${cursor}`, { token: owner.token })
      const page = (await answer.json()) as {
        actions: { action: string; crud: string }[]
        next_cursor: string | null
      }
      for (const { action, crud } of page.actions) known.set(action, crud)
      cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`
    } while (cursor)
    expect([known.get('tenant_brands.updated'), known.get('audit.viewed')]).toEqual(['u', 'r'])
    const { rows } = await admin.query<{ action: string }>(
      `select distinct a.action from public.audit_log as a join public.tenants as t on t.id = a.tenant_id and t.kind = 'demo'`,
    )
    expect(rows.length).toBeGreaterThan(3)
    const strange = rows.filter(({ action }) => !known.has(action))
    expect(strange).toEqual([])
  })
})
