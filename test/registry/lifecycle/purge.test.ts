import { randomUUID } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { TenantPurge } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { asService, asUser, admin as db, rolledBack, superuser } from '../../kit/db.ts'
import { eventually } from '../../kit/eventually.ts'
import { makePerson } from '../../kit/people.ts'
import { freshSlug, makeTenant } from '../../kit/tenants.ts'
import { fill, monthAgo, purgeOver, rowsLeft } from './purging.ts'

vi.setConfig({ testTimeout: 60_000 })

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
      await eventually(async () => {
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
