import { beforeAll, expect, it } from 'vitest'
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
  } finally {
    await db.query('rollback')
    db.release()
  }
})
