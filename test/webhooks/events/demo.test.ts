import { describe, expect, it } from 'vitest'
import { admin, type Queryable, rolledBack, superuser } from '../../kit/db.ts'
import { freshSlug } from '../../kit/tenants.ts'
import { addEndpoint, noRows, rowsLeft, secretsLeft } from '../endpoint.ts'
import { toldTo } from './told.ts'

describe('a demo tenant', () => {
  /** One in the transaction, with an endpoint that its snapshot knows. */
  async function makeDemo(db: Queryable) {
    const { rows } = await db.query<{ id: string }>(
      `insert into public.tenants (slug, name, status, kind) values ($1, 'Demo', 'demo', 'demo') returning id`,
      [freshSlug()],
    )
    const id = rows[0]!.id
    const endpoint = await addEndpoint(db, id)
    const { rows: providers } = await db.query<{ secret: string }>(
      `insert into public.tenant_idp_config (tenant_id, type, client_secret_id) values ($1, 'oidc', vault.create_secret('idp'))
       returning client_secret_id as secret`,
      [id],
    )
    const secrets = [...endpoint.secrets, providers[0]!.secret]
    await db.query('insert into public.participant_sessions (tenant_id) values ($1)', [id])
    await db.query('select private.snapshot_demo_tenant($1)', [id])
    const read = async () =>
      (
        await db.query(
          `select to_jsonb(e) as endpoint, s.decrypted_secret as secret, h.decrypted_secret as headers
           from public.webhook_endpoints as e left join vault.decrypted_secrets as s on s.id = e.secret_id
           left join vault.decrypted_secrets as h on h.id = e.headers_secret_id where e.tenant_id = $1`,
          [id],
        )
      ).rows
    return { id, endpoint, secrets, read }
  }

  it.each([
    [
      'rotates its secret',
      (id: string) => `update public.webhook_endpoints
      set secret_id = vault.create_secret('whsec_theirs'), previous_secret_id = secret_id, headers_secret_id = null, header_names = '{}' where id = '${id}'`,
    ],
    [
      'rotates its secret twice',
      (
        id: string,
      ) => `update public.webhook_endpoints set secret_id = vault.create_secret('whsec_theirs'), previous_secret_id = secret_id where id = '${id}';
      update public.webhook_endpoints set secret_id = vault.create_secret('whsec_theirs'), previous_secret_id = secret_id where id = '${id}'`,
    ],
    ['deletes it', (id: string) => `delete from public.webhook_endpoints where id = '${id}'`],
  ])('has its endpoint back in the morning, secrets and all, when a visitor %s', async (_what, visit) => {
    await rolledBack(admin, async (db) => {
      const { id, endpoint, secrets, read } = await makeDemo(db)
      const before = await read()
      expect(before).toMatchObject([
        { secret: expect.stringMatching(/^whsec_/), headers: expect.any(String) },
      ])
      await db.query(visit(endpoint.id))
      const theirs = await addEndpoint(db, id)
      await db.query(`insert into public.campaigns (tenant_id, name) values ($1, 'Theirs')`, [id])
      await db.query('delete from public.participant_sessions where tenant_id = $1', [id])
      await db.query('delete from public.tenant_idp_config where tenant_id = $1', [id])
      await db.query('select private.reset_demo_tenant($1)', [id])

      expect(await read()).toEqual(before)
      expect([await secretsLeft(db, secrets), await secretsLeft(db, theirs.secrets)]).toEqual([4, 0])
      const { rowCount } = await db.query(
        `select from vault.decrypted_secrets where decrypted_secret = 'whsec_theirs'`,
      )
      expect(rowCount, "the visitor's secrets").toBe(0)
      // What was told is gone, what the night did is not told, and the endpoint has its place in the queue.
      expect(await rowsLeft(db, id)).toEqual({
        ...noRows,
        'public.webhook_endpoints': 1,
        'private.queue_lanes': 1,
        'private.queue_tenants': 1,
      })
      const { rows } = await db.query('select private.reset_demo_tenant($1) as changed', [id])
      expect(rows).toEqual([{ changed: 0 }])
      // And from then on things happen again.
      await db.query(`insert into public.campaigns (tenant_id, name) values ($1, 'Next')`, [id])
      expect((await toldTo(db, id)).map(({ type }) => type)).toEqual(['campaign.created'])
    })
  })

  it('whose reset fails half way is heard of again', async () => {
    await rolledBack(admin, async (db) => {
      const { id } = await makeDemo(db)
      await db.query(
        `update private.demo_snapshots set rows = '[{"tenant_id": null}]' where tenant_id = $1 and relation = 'campaigns'`,
        [id],
      )
      await db.query('select private.reset_demo_tenants()')
      const before = (await toldTo(db, id)).length
      await db.query(`insert into public.campaigns (tenant_id, name) values ($1, 'Next')`, [id])
      expect((await toldTo(db, id)).length).toBe(before + 1)
    })
  })

  it('that gets a new snapshot, or is deleted, leaves no secret behind', async () => {
    await rolledBack(admin, async (db) => {
      const { id, endpoint, secrets } = await makeDemo(db)
      await db.query(
        `update public.webhook_endpoints set secret_id = vault.create_secret('whsec_next') where id = $1`,
        [endpoint.id],
      )
      // The first snapshot needs it still.
      expect(await secretsLeft(db, secrets)).toBe(4)
      await db.query('select private.snapshot_demo_tenant($1)', [id])
      expect(await secretsLeft(db, secrets)).toBe(3)
      await db.query('delete from public.tenants where id = $1', [id])
      expect(await secretsLeft(db, secrets)).toBe(0)
      const { rowCount } = await db.query(
        `select from vault.decrypted_secrets where decrypted_secret = 'whsec_next'`,
      )
      expect(rowCount).toBe(0)
    })
  })
})

it('the seeds told nobody, and left an endpoint to poll', async () => {
  const { rows } = await superuser.query(
    `with seeded as (select xmin::text from supabase_migrations.seed_files limit 1)
     select (select count(*)::int from public.webhook_events as w, seeded as s where w.xmin::text = s.xmin) as told,
       (select count(*) > 50 from public.participant_sessions as p, seeded as s where p.xmin::text = s.xmin) as has_participants`,
  )
  expect(rows).toEqual([{ told: 0, has_participants: true }])
  const { rows: endpoints } = await admin.query(
    `select e.kind, e.is_enabled, s.decrypted_secret as secret
     from public.tenants as t
     join public.webhook_endpoints as e on e.tenant_id = t.id
     join vault.decrypted_secrets as s on s.id = e.secret_id
     where t.slug = 'moneystory' and e.description is distinct from 'sweep' -- of test/isolation/rest.test.ts`,
  )
  expect(endpoints).toEqual([
    { kind: 'poll', is_enabled: true, secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) },
  ])
})
