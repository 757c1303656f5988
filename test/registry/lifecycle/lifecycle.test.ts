import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { TenantLifecycle } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { asService, asUser, admin as db, rolledBack, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { freshSlug, makeTenant } from '../../kit/tenants.ts'

const statuses = ['demo', 'trial', 'active', 'frozen', 'archived'] as const
type Status = (typeof statuses)[number]

/** Written out, not read from private.status_moves: reading it there would prove nothing. */
const allowed: Record<string, 'service' | 'own'> = {
  'trial active': 'service',
  'trial frozen': 'own',
  'trial archived': 'service',
  'active frozen': 'own',
  'active archived': 'service',
  'frozen active': 'service',
  'frozen archived': 'service',
  'archived active': 'service',
}
const pairs = statuses.flatMap((from) =>
  statuses.filter((to) => to !== from).map((to) => [from, to] as const),
)

const insertTenant = async (status: Status, columns: Record<string, unknown> = {}) => {
  const values = {
    slug: freshSlug(),
    name: 'Lifecycle',
    status,
    kind: status === 'demo' ? 'demo' : 'customer',
    ...columns,
  }
  const names = Object.keys(values)
  const { rows } = await db.query<{ id: string; slug: string; ref_id: string }>(
    `insert into public.tenants (${names.join(', ')}) values (${names.map((_, n) => `$${n + 1}`)}) returning id, slug, ref_id`,
    Object.values(values),
  )
  return rows[0]!
}
const statusOf = async (id: string) =>
  (
    await db.query(
      'select status, status_reason, frozen_at, archived_at, purgeable_at from public.tenants where id = $1',
      [id],
    )
  ).rows[0]
const age = (id: string, column: string, interval: string) =>
  db.query(`update public.tenants set ${column} = now() - $2::interval where id = $1`, [id, interval])
const secret = { apikey: inject('stack').secret_key }

describe('moves of status', () => {
  it.each(pairs)('%s to %s: done or refused as promised, whatever the path', async (from, to) => {
    const who = allowed[`${from} ${to}`]
    const tenant = await insertTenant(from)
    const owner = await makePerson()
    await db.query(`insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'owner')`, [
      tenant.id,
      owner.id,
    ])
    const refusal = { code: 'PT409', message: 'invalid_status_move' }
    const update = (pool: typeof db) =>
      rolledBack(pool, (tx) =>
        tx.query('update public.tenants set status = $2 where id = $1', [tenant.id, to]),
      )
    const ask = [`select from public.change_tenant_status($1, $2, 'test')`, [tenant.id, to]] as const
    // Plain SQL by the owner of the tables and by a superuser, the service's own statement, its function.
    for (const attempt of [
      () => update(db),
      () => update(superuser),
      () =>
        asService((tx) => tx.query('update public.tenants set status = $2 where id = $1', [tenant.id, to])),
      () => asService((tx) => tx.query(ask[0], [...ask[1]])),
    ]) {
      if (who) expect((await attempt()).rowCount).toBe(1)
      else await expect(attempt()).rejects.toMatchObject(refusal)
    }
    const byOwner = asUser(owner.id, (tx) => tx.query(ask[0], [...ask[1]]))
    if (who === 'own') expect((await byOwner).rowCount).toBe(1)
    else
      await expect(byOwner).rejects.toMatchObject({
        message:
          { frozen: 'tenant_frozen', archived: 'tenant_not_found' }[from as string] ?? 'invalid_status_move',
      })
  })

  it('carry their moments and their reason', async () => {
    const { id } = await insertTenant('active')
    const move = (to: Status, reason?: string) =>
      db.query('select from public.change_tenant_status($1, $2, $3)', [id, to, reason ?? null])
    await move('frozen', 'Two invoices are open.')
    expect(await statusOf(id)).toMatchObject({
      status: 'frozen',
      status_reason: 'Two invoices are open.',
      frozen_at: expect.any(Date),
      archived_at: null,
    })
    await move('frozen', 'Said again.')
    expect(await statusOf(id)).toMatchObject({ status_reason: 'Two invoices are open.' })
    await move('archived')
    const archived = await statusOf(id)
    expect(archived).toMatchObject({ status: 'archived', status_reason: null, frozen_at: null })
    expect(archived.purgeable_at - archived.archived_at).toBe(30 * 86_400_000)
    await move('active')
    expect(await statusOf(id)).toMatchObject({ status: 'active', archived_at: null, purgeable_at: null })
  })

  it('lead back from the archive only while the export window is open', async () => {
    const { id } = await insertTenant('archived', { archived_at: new Date(Date.now() - 31 * 86_400_000) })
    const restore = db.query(`select from public.change_tenant_status($1, 'active')`, [id])
    await expect(restore).rejects.toMatchObject({ message: 'invalid_status_move' })
  })

  it('never happen to the platform, nor do kinds change', async () => {
    const attempts = [
      `update public.tenants set status = 'frozen' where kind = 'platform'`,
      `update public.tenants set kind = 'customer' where kind = 'platform'`,
      `update public.tenants set kind = 'customer', status = 'active' where slug = 'demo-coaching'`,
      `update public.tenants set kind = 'demo', status = 'demo' where slug = 'moneystory'`,
      `delete from public.tenants where kind = 'platform'`,
      `insert into public.tenants (slug, name, status) values ('${freshSlug()}', 'Half a demo', 'demo')`,
    ]
    for (const attempt of attempts) {
      await expect(
        rolledBack(superuser, (tx) => tx.query(attempt)),
        attempt,
      ).rejects.toMatchObject({
        code: expect.stringMatching(/^(PT409|23514)$/),
      })
    }
  })

  it('two at once end in one of the two', async () => {
    const { id } = await insertTenant('active')
    const moves = await Promise.allSettled(
      (['archived', 'frozen'] as const).map((to) =>
        db.query('select from public.change_tenant_status($1, $2)', [id, to]),
      ),
    )
    const { status } = await statusOf(id)
    // Frozen may still be archived; archived may not be frozen.
    expect(status).toBe('archived')
    expect(moves[0]!.status).toBe('fulfilled')
  })
})

describe('a demo and the platform', () => {
  it('are never billed', async () => {
    const demo = await insertTenant('demo')
    for (const column of ['razorpay_customer_id', 'razorpay_subscription_id']) {
      const bill = db.query(`update public.tenant_billing set ${column} = $2 where tenant_id = $1`, [
        demo.id,
        randomUUID(),
      ])
      await expect(bill).rejects.toMatchObject({ code: 'PT409', message: 'not_billable' })
    }
    for (const column of ['stripe_cust_id', 'erp_customer_id']) {
      const bill = db.query(`update public.tenants set ${column} = $2 where id = $1`, [demo.id, randomUUID()])
      await expect(bill).rejects.toMatchObject({ constraint: 'only_customers_are_billed' })
    }
    const customer = await insertTenant('active', { stripe_cust_id: randomUUID() })
    await db.query('update public.tenant_billing set razorpay_customer_id = $2 where tenant_id = $1', [
      customer.id,
      randomUUID(),
    ])
  })
})

describe('the clock', () => {
  it('freezes a trial a week after its end, archives what was frozen for 30 days, and no other', async () => {
    const ended = await insertTenant('trial', { trial_ends_at: new Date(Date.now() - 8 * 86_400_000) })
    const justEnded = await insertTenant('trial', { trial_ends_at: new Date(Date.now() - 86_400_000) })
    const running = await insertTenant('trial')
    const [frozenLong, frozenLately] = [await insertTenant('frozen'), await insertTenant('frozen')]
    await age(frozenLong.id, 'frozen_at', '31 days')
    await age(frozenLately.id, 'frozen_at', '29 days')
    // Cron may come first: what matters is where they end up, and that doing it again changes nothing.
    for (let round = 0; round < 2; round++) {
      await db.query('select private.freeze_ended_trials(), private.archive_frozen_tenants()')
      expect(await statusOf(ended.id)).toMatchObject({ status: 'frozen', status_reason: 'The trial ended.' })
      expect(await statusOf(justEnded.id)).toMatchObject({ status: 'trial' })
      expect(await statusOf(running.id)).toMatchObject({ status: 'trial' })
      expect(await statusOf(frozenLong.id)).toMatchObject({
        status: 'archived',
        status_reason: 'Frozen for 30 days.',
      })
      expect(await statusOf(frozenLately.id)).toMatchObject({ status: 'frozen' })
    }
  })

  it('takes a batch at a time, and passes over a tenant that somebody holds', async () => {
    await rolledBack(db, async (tx) => {
      const { rows } = await tx.query<{ id: string }>(
        `insert into public.tenants (slug, name, status, trial_ends_at)
         select 'clock-' || substr(gen_random_uuid()::text, 1, 13), 'Clock', 'trial', now() - interval '9 days'
         from generate_series(1, 5) returning id`,
      )
      const left = async () =>
        (
          await tx.query(`select from public.tenants where id = any ($1) and status = 'trial'`, [
            rows.map(({ id }) => id),
          ])
        ).rowCount
      await tx.query('select private.freeze_ended_trials(2)')
      expect(await left()).toBeGreaterThanOrEqual(3)
      await tx.query('select private.freeze_ended_trials(100)')
      expect(await left()).toBe(0)
    })
    const held = await insertTenant('trial', { trial_ends_at: new Date(Date.now() - 9 * 86_400_000) })
    await rolledBack(db, async (tx) => {
      await tx.query('select from public.tenants where id = $1 for update', [held.id])
      await db.query('select private.freeze_ended_trials()')
      expect(await statusOf(held.id)).toMatchObject({ status: 'trial' })
    })
  })

  it('is set in cron', async () => {
    const { rows } = await db.query<{ command: string }>(`select command from cron.job`)
    for (const name of [
      'freeze_ended_trials',
      'archive_frozen_tenants',
      'continue_purges',
      'reset_demo_tenants',
    ])
      expect(
        rows.some(({ command }) => command === `select private.${name}()`),
        name,
      ).toBe(true)
  })
})

describe('over HTTP', () => {
  let owner: Person
  let admin: Person
  beforeEach(async () => {
    owner = await makePerson()
    admin = await makePerson()
  })

  it('an owner cancels, and only the platform takes it back', async () => {
    const tenant = await makeTenant({ owner, admin })
    const cancel = (by: Person) =>
      call(`/registry/tenants/${tenant.slug}/cancel`, {
        token: by.token,
        body: { reason: 'We are closing.' },
      })
    expect(await problemOf(await cancel(admin))).toMatchObject({ status: 403, code: 'forbidden' })
    const cancelled = await cancel(owner)
    expect(cancelled.status).toBe(200)
    expect(TenantLifecycle.parse(await cancelled.json())).toMatchObject({
      status: 'frozen',
      reason: 'We are closing.',
      purgeable_at: null,
    })
    expect(await problemOf(await cancel(owner))).toMatchObject({ status: 403, code: 'tenant_frozen' })

    const at = `/registry/tenants/${tenant.slug}/status`
    const body = { status: 'active' }
    expect(await problemOf(await call(at, { method: 'PUT', token: owner.token, body }))).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
    const restored = await call(at, { method: 'PUT', ...secret, body })
    expect(TenantLifecycle.parse(await restored.json())).toMatchObject({ status: 'active', frozen_at: null })
    expect((await call(`/registry/tenants/${tenant.slug}`, { token: owner.token })).status).toBe(200)
  })

  it('the platform archives and restores: the page goes and comes back, members are out and in again', async () => {
    const tenant = await makeTenant({ owner })
    const move = (status: string) =>
      call(`/registry/tenants/${tenant.ref_id}/status`, { method: 'PUT', ...secret, body: { status } })
    const page = async () =>
      (await db.query('select public.get_tenant_by_slug($1) as page', [tenant.slug])).rows[0].page
    const mine = async () => (await call(`/registry/tenants/${tenant.slug}`, { token: owner.token })).status
    expect([await mine(), (await page()) !== null]).toEqual([200, true])
    expect((await move('archived')).status).toBe(200)
    expect([await mine(), await page()]).toEqual([404, null])
    expect(await problemOf(await move('frozen'))).toMatchObject({ status: 409, code: 'invalid_status_move' })
    expect((await move('active')).status).toBe(200)
    expect([await mine(), (await page()) !== null]).toEqual([200, true])
  })

  it('refuses what is no status, no tenant, and a reason that hides something', async () => {
    const tenant = await makeTenant({ owner })
    const put = (ref: string, body: unknown) =>
      call(`/registry/tenants/${ref}/status`, { method: 'PUT', ...secret, body })
    for (const body of [{}, { status: 'gone' }, { status: 'demo' }, { status: 'frozen', reason: '' }])
      expect(await problemOf(await put(tenant.slug, body))).toMatchObject({
        status: 422,
        code: 'invalid_body',
      })
    expect(await problemOf(await put('no-such-tenant', { status: 'frozen' }))).toMatchObject({ status: 404 })
    expect(await problemOf(await put(tenant.slug, { status: 'frozen', reason: 'a\u202eb' }))).toMatchObject({
      status: 422,
      code: 'invalid_value',
    })
  })
})
