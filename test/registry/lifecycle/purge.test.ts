import { randomUUID } from 'node:crypto'
import { afterAll, describe, expect, inject, it, vi } from 'vitest'
import { callerDb, closeConnections } from '../../../lib/db/index.ts'
import { purgeTenant, TenantPurge } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { asService, asUser, admin as db, rolledBack, superuser } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { freshSlug, makeTenant, type Tenant } from '../../kit/tenants.ts'

process.env.SUPABASE_DB_URL = inject('stack').db_url
vi.setConfig({ testTimeout: 60_000 })
afterAll(closeConnections)

const secret = { apikey: inject('stack').secret_key }
const monthAgo = (id: string) =>
  db.query(
    `update public.tenants set archived_at = now() - interval '31 days', purgeable_at = now() - interval '1 day' where id = $1`,
    [id],
  )
const purgeOver = (ref: string, body: unknown = {}) =>
  call(`/registry/tenants/${ref}/purge`, { ...secret, body })
const fill = (tenant: Tenant, events: number) =>
  db.query(
    `with campaign as (
       insert into public.campaigns (tenant_id, name) select $1, 'Campaign ' || n from generate_series(1, 40) as n returning tenant_id, id
     ), participants as (
       insert into public.participant_sessions (tenant_id, campaign_id) select tenant_id, id from campaign
     ), keys as (
       insert into public.usage_event_keys (tenant_id, source, event_id, payload_hash)
       select $1, 'api', 'e' || n, gen_random_uuid() from generate_series(1, 50) as n
     )
     insert into public.usage_events (tenant_id, event_type, occurred_at)
     select $1, 'purge.me', now() - make_interval(days => n % 200) from generate_series(1, $2::int) as n`,
    [tenant.id, events],
  )

/** How many rows a tenant has, in every table that holds rows of tenants, what is kept for good left out. */
async function rowsLeft(id: string): Promise<Record<string, number>> {
  const { rows: tables } = await superuser.query<{ name: string; column: string }>(
    `select c.oid::regclass::text as name, a.attname as column
     from pg_class as c join pg_attribute as a on a.attrelid = c.oid
     where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p')
       and not c.relispartition and (a.attname = 'tenant_id' or (c.relname = 'tenants' and a.attname = 'id'))
       and c.relname not in ('audit_log', 'audit_heads', 'audit_pending')`,
  )
  const left: Record<string, number> = {}
  for (const { name, column } of tables) {
    const { rows } = await superuser.query<{ n: number }>(
      `select count(*)::int as n from ${name} where ${column} = $1`,
      [id],
    )
    if (rows[0]!.n > 0) left[name] = rows[0]!.n
  }
  return left
}

describe('a purge', () => {
  it('deletes every row of the tenant and no other, and leaves its people', async () => {
    const owner = await makePerson()
    const tenant = await makeTenant({ owner, status: 'archived' })
    const other = await makeTenant({ owner, status: 'archived' })
    for (const one of [tenant, other]) await fill(one, 60)
    await monthAgo(tenant.id)
    const before = await rowsLeft(other.id)
    const had = await rowsLeft(tenant.id)
    expect(had).toMatchObject({ usage_events: 60, campaigns: 40 })

    const response = await purgeOver(tenant.slug, { reason: 'The contract is over.' })
    expect(response.status).toBe(200)
    const purge = TenantPurge.parse(await response.json())
    expect(purge).toMatchObject({
      ref_id: tenant.ref_id,
      slugs: [tenant.slug],
      reason: 'The contract is over.',
      deleted_rows: {
        usage_events: 60,
        campaigns: 40,
        participant_sessions: 40,
        usage_event_keys: 50,
        tenants: 1,
      },
      finished_at: expect.any(String),
    })
    expect(await rowsLeft(tenant.id)).toEqual({})
    expect(await rowsLeft(other.id)).toEqual(before)
    const { rowCount } = await superuser.query(
      'select from auth.users as u join public.user_profiles as p on p.user_id = u.id where u.id = $1',
      [owner.id],
    )
    expect(rowCount).toBe(1)
    // Asked again, by the one name that is still its own, it says what it said.
    expect(TenantPurge.parse(await (await purgeOver(tenant.ref_id)).json())).toEqual(purge)
    expect(await problemOf(await purgeOver(tenant.slug))).toMatchObject({ status: 404 })
  })

  it('waits for the end of the export window, unless the platform says why not', async () => {
    const tenant = await makeTenant({ status: 'archived' })
    expect(await problemOf(await purgeOver(tenant.slug))).toMatchObject({
      status: 409,
      code: 'not_purgeable',
    })
    for (const body of [{ is_forced: true }, { is_forced: true, reason: ' ' }])
      expect((await purgeOver(tenant.slug, body)).status).toBe(422)
    const forced = await purgeOver(tenant.slug, { is_forced: true, reason: 'They asked for it in writing.' })
    expect(forced.status).toBe(200)
    const { rows } = await superuser.query(
      'select is_forced, reason from private.tenant_purges where tenant = $1',
      [tenant.id],
    )
    expect(rows).toEqual([{ is_forced: true, reason: 'They asked for it in writing.' }])
  })

  it.each(['active', 'trial', 'frozen'] as const)(
    'is refused for a tenant that is %s, forced or not',
    async (status) => {
      const tenant = await makeTenant({ status })
      for (const body of [{}, { is_forced: true, reason: 'Because.' }])
        expect(await problemOf(await purgeOver(tenant.slug, body))).toMatchObject({
          status: 409,
          code: 'not_purgeable',
        })
    },
  )

  it('is refused for the platform and the demo', async () => {
    for (const ref of ['tenantry', 'demo-coaching'])
      expect(await problemOf(await purgeOver(ref, { is_forced: true, reason: 'Because.' }))).toMatchObject({
        status: 409,
        code: 'not_purgeable',
      })
  })

  it('is nothing that people can begin, whatever they are', async () => {
    const owner = await makePerson()
    const tenant = await makeTenant({ owner, status: 'archived' })
    await monthAgo(tenant.id)
    for (const sql of [
      `private.begin_purge('${tenant.id}')`,
      `private.purge_batch('${tenant.id}')`,
      'private.continue_purges()',
    ])
      await expect(asUser(owner.id, (tx) => tx.query(`select ${sql}`))).rejects.toMatchObject({
        code: '42501',
      })
    await expect(
      asService((tx) =>
        tx.query(`insert into private.tenant_purges (tenant, ref_id, slugs) values ($1, 'x', '{}')`, [
          tenant.id,
        ]),
      ),
    ).rejects.toMatchObject({ code: '42501' })
  })

  it('cannot be taken back once it has begun', async () => {
    const tenant = await makeTenant({ status: 'archived' })
    await db.query(`select private.begin_purge($1, 'In writing.', true)`, [tenant.id])
    const restore = db.query(`select public.change_tenant_status($1, 'active')`, [tenant.id])
    // Cron may have come first and finished it.
    await expect(restore).rejects.toMatchObject({
      message: expect.stringMatching(/^(invalid_status_move|tenant_not_found)$/),
    })
  })
})

describe('a big tenant', () => {
  it('goes batch by batch, is resumed after a kill, and tells how far it is', async () => {
    await rolledBack(db, async (tx) => {
      const { rows } = await tx.query<{ id: string }>(
        `insert into public.tenants (slug, name, status, archived_at) values ($1, 'Big', 'archived', now() - interval '31 days') returning id`,
        [freshSlug()],
      )
      const id = rows[0]!.id
      await tx.query(
        `insert into public.campaigns (tenant_id, name) select $1, 'Big' from generate_series(1, 1000)`,
        [id],
      )
      await tx.query('select private.begin_purge($1)', [id])
      const batch = async () =>
        (
          await tx.query<{ campaigns: number; done: boolean }>(
            `select coalesce((deleted_rows ->> 'campaigns')::int, 0) as campaigns, finished_at is not null as done from private.purge_batch($1, 300)`,
            [id],
          )
        ).rows[0]!
      const steps = [await batch()]
      while (!steps.at(-1)!.done && steps.length < 20) steps.push(await batch())
      expect(steps.length).toBeGreaterThan(3)
      for (const [n, step] of steps.entries())
        expect(step.campaigns - (steps[n - 1]?.campaigns ?? 0)).toBeLessThanOrEqual(300)
      expect(steps.at(-1)).toEqual({ campaigns: 1000, done: true })
    })
  })

  it('whose purge was killed half way is finished by cron, or by asking again', async () => {
    const tenant = await makeTenant({ status: 'archived' })
    await fill(tenant, 600)
    await db.query(`select private.begin_purge($1, 'In writing.', true)`, [tenant.id])
    const killed = await db.connect()
    const gone = new Promise((resolve) => killed.once('error', resolve))
    const { rows } = await killed.query<{ pid: number }>('select pg_backend_pid() as pid')
    await killed.query('begin')
    await killed.query('select private.purge_batch($1, 200)', [tenant.id])
    await superuser.query('select pg_terminate_backend($1)', [rows[0]!.pid])
    await gone
    killed.release(true)
    const purge = await purgeTenant(callerDb({ role: 'service_role' }), tenant.ref_id, {})
    expect(purge).toMatchObject({ finished_at: expect.any(Date), deleted_rows: { usage_events: 600 } })
    expect(await rowsLeft(tenant.id)).toEqual({})
  })

  it('that two purge at once is purged once', async () => {
    const tenant = await makeTenant({ status: 'archived' })
    await fill(tenant, 600)
    const answers = await Promise.all(
      [1, 2, 3].map(() => purgeOver(tenant.ref_id, { is_forced: true, reason: 'In writing.' })),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    for (const answer of answers)
      expect(TenantPurge.parse(await answer.json()).deleted_rows).toMatchObject({
        usage_events: 600,
        tenants: 1,
      })
  })

  it('left to cron is finished by it', async () => {
    const tenant = await makeTenant({ status: 'archived' })
    await fill(tenant, 100)
    await db.query(`select private.begin_purge($1, 'In writing.', true)`, [tenant.id])
    for (let n = 0; n < 50 && Object.keys(await rowsLeft(tenant.id)).length > 0; n++)
      await db.query('select private.continue_purges()')
    expect(await rowsLeft(tenant.id)).toEqual({})
  })
})

describe('what a purge leaves and takes besides', () => {
  it('secrets in Vault go with the rows that name them, in a table nobody has made yet too', async () => {
    await rolledBack(superuser, async (tx) => {
      await tx.query(
        `create table public.connections (
           tenant_id uuid not null references public.tenants on delete cascade, id uuid not null default private.uuid_v7(),
           client_secret_id uuid, other_secret_id uuid, primary key (tenant_id, id))`,
      )
      const { rows } = await tx.query<{ id: string }>(
        `insert into public.tenants (slug, name, status, archived_at)
         select 'vault-' || substr(gen_random_uuid()::text, 1, 13), 'Vault', 'archived', now() - interval '31 days'
         from generate_series(1, 2) returning id`,
      )
      const [gone, stays] = rows.map(({ id }) => id)
      await tx.query(
        `insert into public.connections (tenant_id, client_secret_id, other_secret_id)
         select t, vault.create_secret(gen_random_uuid()::text), case when n = 1 then vault.create_secret(gen_random_uuid()::text) end
         from unnest($1::uuid[]) as t, generate_series(1, 3) as n`,
        [[gone, stays]],
      )
      const secrets = async (tenant: string | undefined) =>
        (
          await tx.query<{ id: string }>(
            'select unnest(array[client_secret_id, other_secret_id]) as id from public.connections where tenant_id = $1',
            [tenant],
          )
        ).rows.flatMap(({ id }) => id ?? [])
      const ofGone = await secrets(gone)
      expect(ofGone.length).toBe(4)
      // As the service does it, who owns none of this.
      await tx.query('grant all on public.connections to postgres')
      await tx.query('set local role service_role')
      await tx.query('select private.begin_purge($1)', [gone])
      for (let n = 0; n < 10; n++) await tx.query('select private.purge_batch($1, 2)', [gone])
      await tx.query('reset role')
      const left = async (ids: string[]) =>
        (await tx.query('select from vault.secrets where id = any ($1)', [ids])).rowCount
      expect(await left(ofGone)).toBe(0)
      expect(await left(await secrets(stays))).toBe(4)
    })
  })

  it('its slugs are kept from everybody for 90 days, and free afterwards', async () => {
    const [first, second] = [freshSlug(), freshSlug()]
    const tenant = await makeTenant({ status: 'active' })
    await db.query('select public.rename_tenant_slug($1, $2)', [tenant.id, first])
    await db.query('select public.rename_tenant_slug($1, $2)', [tenant.id, second])
    await db.query(`select public.change_tenant_status($1, 'archived')`, [tenant.id])
    expect((await purgeOver(tenant.ref_id, { is_forced: true, reason: 'In writing.' })).status).toBe(200)
    const person = await makePerson()
    const mine = await makeTenant({ owner: person })
    for (const slug of [tenant.slug, first, second]) {
      const claim = call('/registry/tenants', { token: person.token, body: { slug, name: 'Squatter' } })
      expect(await problemOf(await claim)).toMatchObject({ status: 409, code: 'slug_taken' })
      const rename = call(`/registry/tenants/${mine.slug}/slug`, { token: person.token, body: { slug } })
      expect(await problemOf(await rename)).toMatchObject({ status: 409, code: 'slug_taken' })
    }
    await superuser.query(`update private.kept_slugs set free_at = now() where slug = $1`, [second])
    const claim = await call('/registry/tenants', {
      token: person.token,
      body: { slug: second, name: 'Next' },
    })
    expect(claim.status).toBe(201)
  })

  it('also when the tenant is deleted in another way, and while that is under way', async () => {
    const tenant = await makeTenant()
    const person = await makePerson()
    const deleting = await db.connect()
    try {
      await deleting.query('begin')
      await deleting.query('delete from public.tenants where id = $1', [tenant.id])
      const claim = call('/registry/tenants', {
        token: person.token,
        body: { slug: tenant.slug, name: randomUUID() },
      })
      await vi.waitFor(async () => {
        const { rowCount } = await superuser.query(
          `select from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'create_tenant'`,
        )
        expect(rowCount).toBeGreaterThan(0)
      })
      await deleting.query('commit')
      expect(await problemOf(await claim)).toMatchObject({ status: 409, code: 'slug_taken' })
    } finally {
      deleting.release()
    }
  })
})
