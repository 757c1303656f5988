import { beforeAll, describe, expect, inject, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin as pool } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { linesOf } from './lines.ts'

const secret = { apikey: inject('stack').secret_key }

describe('over HTTP', () => {
  let owner: Person
  let admin: Person
  let tenant: Tenant
  beforeAll(async () => {
    owner = await makePerson()
    admin = await makePerson()
    tenant = await makeTenant({ owner, admin })
    await makeTenant({ owner: await makePerson() })
    await pool.query(
      `insert into public.campaigns (tenant_id, name) select $1, 'Line' || chr(10) || '{"trailer": ' || n from generate_series(1, 2500) as n`,
      [tenant.id],
    )
  })
  const at = (ref: string) => `/registry/tenants/${ref}/export`

  it('an owner gets a header, every row and a trailer that agree', async () => {
    const response = await call(at(tenant.slug), { token: owner.token })
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('content-disposition')).toContain(`${tenant.slug}.ndjson`)
    const [first, ...rest] = linesOf(await response.text())
    const last = rest.pop()
    expect(first?.header).toMatchObject({
      format: 'tenantry-export',
      version: 1,
      tenant: { ref_id: tenant.ref_id, slug: tenant.slug },
    })
    expect(Date.parse(first!.header!.taken_at)).toBeGreaterThan(Date.now() - 60_000)
    const promised = Object.fromEntries(first!.header!.tables.map(({ table, rows }) => [table, rows]))
    const counted = Object.fromEntries(Object.keys(promised).map((name) => [name, 0]))
    for (const { table } of rest) counted[table!]! += 1
    expect(counted).toEqual(promised)
    expect(last?.trailer).toEqual({ rows: rest.length, tables: promised })
    expect(promised).toMatchObject({ tenants: 1, campaigns: 2500, tenant_members: 2 })
    // Parents come before what refers to them, so that a reader can insert as they go.
    expect(rest[0]).toMatchObject({ table: 'tenants', row: { id: tenant.id, slug: tenant.slug } })
  })

  it('others are refused before the first byte', async () => {
    expect(await problemOf(await call(at(tenant.slug), { token: admin.token }))).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
    const stranger = await makePerson()
    expect(await problemOf(await call(at(tenant.slug), { token: stranger.token }))).toMatchObject({
      status: 404,
    })
    expect((await call(at(tenant.slug))).status).toBe(401)
  })

  it('an archived tenant is handed out by the platform alone', async () => {
    const gone = await makeTenant({ owner, status: 'archived' })
    expect((await call(at(gone.slug), { token: owner.token })).status).toBe(404)
    const response = await call(at(gone.ref_id), secret)
    expect(response.status).toBe(200)
    expect(linesOf(await response.text()).at(-1)).toHaveProperty('trailer')
  })
})
