import { beforeAll, describe, expect, inject, it } from 'vitest'
import { TenantAccount } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

// Reviewers work in a tenant and have nothing to do with what it pays.

let people: Record<'owner' | 'admin' | 'member' | 'reviewer', Person>
let tenant: Tenant
beforeAll(async () => {
  const [owner, manager, member, reviewer] = await Promise.all([1, 2, 3, 4].map(makePerson))
  people = { owner: owner!, admin: manager!, member: member!, reviewer: reviewer! }
  tenant = await makeTenant(people)
  await admin.query(
    `update public.tenants set erp_customer_id = $2, contract_start = '2026-01-01', contract_end = '2026-12-31',
       sales_owner = 'Sam', metadata = '{"note": "haggles"}' where id = $1`,
    [tenant.id, tenant.slug],
  )
})

it.each(['owner', 'admin'] as const)('the %s reads customer numbers and contract', async (role) => {
  const response = await call(`/registry/tenants/${tenant.slug}/account`, { token: people[role].token })
  expect(TenantAccount.parse(await response.json())).toEqual({
    erp_customer_id: tenant.slug,
    stripe_cust_id: null,
    contract_start: '2026-01-01',
    contract_end: '2026-12-31',
    status_reason: null,
  })
})

it.each(['member', 'reviewer'] as const)('the %s does not', async (role) => {
  const response = await call(`/registry/tenants/${tenant.slug}/account`, { token: people[role].token })
  expect(await problemOf(response)).toMatchObject({ status: 403, code: 'forbidden' })
})

const withheld = [
  ...['erp_customer_id', 'stripe_cust_id', 'contract_start', 'contract_end'],
  ...['status_reason', 'sales_owner', 'metadata'],
]

describe.each(['owner', 'admin', 'member', 'reviewer'] as const)('over REST, the %s', (role) => {
  const ask = (query: string) =>
    fetch(`${inject('stack').api_url}/rest/v1/tenants?${query}`, {
      headers: { apikey: inject('stack').publishable_key, authorization: `Bearer ${people[role].token}` },
    })

  it('reads the tenant', async () => {
    const response = await ask(`select=slug,status,plan&id=eq.${tenant.id}`)
    expect(await response.json()).toEqual([{ slug: tenant.slug, status: 'active', plan: 'enterprise' }])
  })

  it.each([
    'select=*',
    ...withheld.map((column) => `select=id,${column}`),
    ...withheld.map((column) => `select=id&order=${column}`),
    ...withheld.map((column) => `select=id&${column}=not.is.null`),
    'select=id&metadata->>note=eq.haggles',
    'select=count(),sales_owner',
  ])('is refused %s', async (query) => {
    const response = await ask(query)
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(response.status).toBeLessThan(500)
    expect(await response.text()).not.toMatch(/Sam|haggles|2026-12-31/)
  })

  it('is told by read_tenant_account() what the route tells', async () => {
    const response = await fetch(`${inject('stack').api_url}/rest/v1/rpc/read_tenant_account`, {
      method: 'POST',
      headers: {
        apikey: inject('stack').publishable_key,
        authorization: `Bearer ${people[role].token}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ tenant_id: tenant.id }),
    })
    const answer = (await response.json()) as object
    if (role === 'owner' || role === 'admin') expect(answer).toHaveProperty('erp_customer_id', tenant.slug)
    else expect(answer).toMatchObject({ message: 'forbidden' })
  })
})

it('the audit log says that the notes of the platform changed, and not to what', async () => {
  const log = await call(`/registry/tenants/${tenant.slug}/audit?action=tenants.updated`, {
    token: people.admin.token,
  })
  const text = await log.text()
  expect(text).toContain('"sales_owner":{"is_redacted":true}')
  expect(text).toContain(`"erp_customer_id":{"new":"${tenant.slug}","old":null}`)
  expect(text).not.toMatch(/Sam|haggles/)
  for (const role of ['member', 'reviewer'] as const) {
    const response = await call(`/registry/tenants/${tenant.slug}/audit`, { token: people[role].token })
    expect(await problemOf(response)).toMatchObject({ status: 403, code: 'forbidden' })
  }
})

it('the export holds customer numbers and contract, and no notes of the platform', async () => {
  const response = await call(`/registry/tenants/${tenant.slug}/export`, { token: people.owner.token })
  const lines = (await response.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.find((line) => line.table === 'tenants').row).toMatchObject({
    erp_customer_id: tenant.slug,
    contract_end: '2026-12-31',
    sales_owner: null,
    metadata: null,
  })
  expect(JSON.stringify(lines)).not.toMatch(/"Sam"|haggles/)
  for (const role of ['admin', 'member', 'reviewer'] as const) {
    const refused = await call(`/registry/tenants/${tenant.slug}/export`, { token: people[role].token })
    expect(await problemOf(refused)).toMatchObject({ status: 403, code: 'forbidden' })
  }
})

it('the notes of the platform come out of no function that returns a tenant', async () => {
  const db = await admin.connect()
  try {
    await db.query('begin')
    await db.query(
      `select set_config('request.jwt.claims', $1, true), set_config('role', 'authenticated', true)`,
      [JSON.stringify({ role: 'authenticated', sub: people.owner.id })],
    )
    for (const changing of [
      `public.rename_tenant_slug('${tenant.id}', '${tenant.slug}-2')`,
      `public.change_tenant_status('${tenant.id}', 'frozen')`,
    ]) {
      const { rows } = await db.query(`select slug, sales_owner, metadata from ${changing}`)
      expect(rows).toEqual([{ slug: `${tenant.slug}-2`, sales_owner: null, metadata: {} }])
    }
    // A tenant that is just made has none yet, unless a trigger wrote some.
    const { rows } = await db.query(
      `select sales_owner, metadata from public.create_tenant('${tenant.slug}-3', 'Another')`,
    )
    expect(rows).toEqual([{ sales_owner: null, metadata: {} }])
  } finally {
    await db.query('rollback')
    db.release()
  }
})
