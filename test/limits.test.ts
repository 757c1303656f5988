import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { beforeEach, expect, it } from 'vitest'
import { asUser, rolledBack, superuser } from './kit/db.ts'
import { makePerson, type Person } from './kit/people.ts'
import { freshSlug, makeTenant, type Tenant } from './kit/tenants.ts'

/**
 * Every rule that says how many or how often, and the trick against it: archive, freeze, give away, remove, revoke or
 * forget, and make again. A rule is a code that SQL refuses with, so a new one fails here until its trick is tried.
 */
const tried = new Set<string>()
const rule = (code: string, trick: string, run: () => Promise<unknown>) => {
  tried.add(code)
  it(`${code}: ${trick}`, { timeout: 60_000 }, async () => {
    expect(await run()).toBe(code)
  })
}

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner, plan: 'business' })
})

type Db = Pick<pg.PoolClient, 'query'>
const asOwner = <Result>(run: (db: Db) => Promise<Result>) => asUser(owner.id, run)

/** Runs a part of the transaction as the database's owner, for what only the service or the clock does. */
async function asDatabase(db: Db, text: string, values: unknown[] = []): Promise<void> {
  await db.query('set local role postgres')
  await db.query(text, values)
  await db.query('set local role authenticated')
}

/** The code with which a statement is refused; undefined if it is not. */
async function refusal(db: Db, text: string, values: unknown[]): Promise<string | undefined> {
  await db.query('savepoint asked')
  const code = await db.query(text, values).then(
    () => undefined,
    (error: Error) => error.message,
  )
  if (code !== undefined) await db.query('rollback to savepoint asked')
  return code
}

/** Does something until it is refused, at most so often. */
async function untilRefused(most: number, step: (n: number) => Promise<string | undefined>): Promise<string> {
  for (let n = 0; n <= most; n++) {
    const code = await step(n)
    if (code !== undefined) return n === most ? code : `${code} after ${n} of ${most}`
  }
  return 'is not refused'
}

const create = (db: Db) => refusal(db, `select public.create_tenant($1, 'Another')`, [freshSlug()])
const mine = `select t.id from public.tenants as t where t.created_by = auth.uid()`

rule('too_many_trials', 'keep them', () => asOwner((db) => untilRefused(10, () => create(db))))
rule('too_many_trials', 'freeze each one', () =>
  asOwner((db) =>
    untilRefused(10, async () => {
      const code = await create(db)
      await db.query(
        `select public.change_tenant_status(id, 'frozen') from (${mine} and t.status = 'trial') as t`,
      )
      return code
    }),
  ),
)
rule('too_many_trials', 'archive each one', () =>
  asOwner((db) =>
    untilRefused(10, async () => {
      const code = await create(db)
      await asDatabase(
        db,
        `update public.tenants set status = 'archived' where created_by = $1 and status = 'trial'`,
        [owner.id],
      )
      return code
    }),
  ),
)
rule('too_many_trials', 'give each one away', async () => {
  const friend = await makePerson()
  return asOwner((db) =>
    untilRefused(10, async () => {
      const code = await create(db)
      await asDatabase(
        db,
        `insert into public.tenant_members (tenant_id, user_id)
         select id, $2 from public.tenants where created_by = $1 on conflict do nothing`,
        [owner.id, friend.id],
      )
      await db.query(
        `select public.transfer_ownership(m.tenant_id, $1), public.leave_tenant(m.tenant_id) from public.tenant_members as m
         where m.user_id = auth.uid() and m.role = 'owner' and m.tenant_id in (${mine})`,
        [friend.id],
      )
      return code
    }),
  )
})
it('ten tenants with a plan stand in nobody’s way', () =>
  asOwner(async (db) => {
    for (let n = 0; n < 12; n++) {
      expect(await create(db)).toBeUndefined()
      await asDatabase(
        db,
        `update public.tenants set status = 'active', plan = 'starter' where created_by = $1`,
        [owner.id],
      )
    }
  }))

rule('too_many_renames', 'take an old slug back in between', () =>
  asOwner(async (db) => {
    const names = Array.from({ length: 7 }, () => freshSlug())
    const rename = (slug: string) =>
      refusal(db, 'select public.rename_tenant_slug($1, $2)', [tenant.id, slug])
    for (const slug of [...names.slice(0, 4), names[2]!, names[4]!])
      expect(await rename(slug)).toBeUndefined()
    return rename(names[5]!)
  }),
)

const host = () => `${randomBytes(6).toString('hex')}.example.com`
const addDomain = (db: Db) => refusal(db, 'select private.add_domain($1, $2)', [tenant.id, host()])
const removeDomains = (db: Db) =>
  db.query(`select public.remove_domain(tenant_id, id) from public.tenant_domains where tenant_id = $1`, [
    tenant.id,
  ])

rule('limit_reached', 'keep the domains', () => asOwner((db) => untilRefused(10, () => addDomain(db))))
rule('too_many_domains', 'remove each one', () =>
  asOwner((db) =>
    untilRefused(100, async () => {
      const code = await addDomain(db)
      await removeDomains(db)
      return code
    }),
  ),
)
rule('too_many_orders', 'leave each one open', () =>
  asOwner((db) =>
    untilRefused(30, () => refusal(db, `select private.order_plan($1, 'stripe', 'starter')`, [tenant.id])),
  ),
)
rule('domain_just_checked', 'remove the domain and add it again', () =>
  asOwner((db) =>
    untilRefused(60, async () => {
      expect(await addDomain(db)).toBeUndefined()
      const { rows } = await db.query(
        `select c.wait_seconds from public.tenant_domains as d, private.start_domain_check(d.tenant_id, d.ref_id) as c
         where d.tenant_id = $1`,
        [tenant.id],
      )
      await removeDomains(db)
      // The route turns a wait into this code.
      return rows[0].wait_seconds > 0 ? 'domain_just_checked' : undefined
    }),
  ),
)

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const addEndpoint = (db: Db) =>
  refusal(db, 'select public.create_webhook_endpoint($1, $2, $3)', [
    tenant.id,
    secret,
    'https://hooks.example.com/in',
  ])
rule('limit_reached', 'keep the endpoints', () => asOwner((db) => untilRefused(50, () => addEndpoint(db))))
rule('limit_reached', 'disable each endpoint', () =>
  asOwner((db) =>
    untilRefused(50, async () => {
      const code = await addEndpoint(db)
      await db.query(
        'select public.disable_webhook_endpoint(tenant_id, id) from public.webhook_endpoints where tenant_id = $1',
        [tenant.id],
      )
      return code
    }),
  ),
)

const inviteTo = (db: Db, email: string) =>
  refusal(db, `select public.invite_member($1, $2, 'member', sha256($3), now() + interval '1 hour')`, [
    tenant.id,
    email,
    randomBytes(8),
  ])
const invite = (db: Db) => inviteTo(db, `${randomBytes(6).toString('hex')}@example.com`)
const revokeAll = (db: Db) =>
  db.query(
    `select public.revoke_invitation(tenant_id, id) from public.tenant_invitations
     where tenant_id = $1 and accepted_at is null and revoked_at is null`,
    [tenant.id],
  )
rule('too_many_invitations', 'leave them open', () => asOwner((db) => untilRefused(100, () => invite(db))))
rule('too_many_invitations', 'revoke each one', () =>
  asOwner((db) =>
    untilRefused(300, async () => {
      const code = await invite(db)
      await revokeAll(db)
      return code
    }),
  ),
)
rule('too_many_invitations', 'let each one expire and be removed', () =>
  asOwner((db) =>
    untilRefused(300, async () => {
      const code = await invite(db)
      await asDatabase(db, 'delete from public.tenant_invitations where tenant_id = $1', [tenant.id])
      return code
    }),
  ),
)
rule('too_many_invitations', 'revoke those to one address', () =>
  asOwner((db) =>
    untilRefused(10, async () => {
      const code = await inviteTo(db, 'ada@example.com')
      await revokeAll(db)
      return code
    }),
  ),
)
rule('too_many_invitations', 'send each one again', () =>
  asOwner((db) =>
    untilRefused(150, async () => {
      const code = await invite(db)
      await asDatabase(
        db,
        `update public.tenant_invitations set sent_at = now() - interval '2 minutes' where tenant_id = $1`,
        [tenant.id],
      )
      if (code === undefined)
        await db.query(
          `select public.resend_invitation(tenant_id, id, sha256($2), now() + interval '1 hour')
           from public.tenant_invitations where tenant_id = $1 and revoked_at is null`,
          [tenant.id, randomBytes(8)],
        )
      await revokeAll(db)
      return code
    }),
  ),
)
rule('resent_too_soon', 'send it twice in a minute', () =>
  asOwner(async (db) => {
    await invite(db)
    return refusal(
      db,
      `select public.resend_invitation(tenant_id, id, sha256($2), now() + interval '1 hour')
       from public.tenant_invitations where tenant_id = $1`,
      [tenant.id, randomBytes(8)],
    )
  }),
)

rule('idp_just_checked', 'check it twice in five seconds', () =>
  rolledBack(superuser, async (db) => {
    await db.query(`insert into public.tenant_idp_config (tenant_id, type) values ($1, 'oidc')`, [tenant.id])
    const check = () => refusal(db, `select private.begin_idp_check($1, 'oidc')`, [tenant.id])
    expect(await check()).toBeUndefined()
    return check()
  }),
)
rule('too_many_idp_checks', 'remove the provider and set it again', () =>
  rolledBack(superuser, (db) =>
    untilRefused(24, async () => {
      await db.query(`insert into public.tenant_idp_config (tenant_id, type) values ($1, 'oidc')`, [
        tenant.id,
      ])
      const code = await refusal(db, `select private.begin_idp_check($1, 'oidc')`, [tenant.id])
      await db.query('delete from public.tenant_idp_config where tenant_id = $1', [tenant.id])
      return code
    }),
  ),
)

rule('too_many_provider_tests', 'remove the provider and set it again', () =>
  rolledBack(superuser, (db) =>
    untilRefused(20, async () => {
      await db.query(
        `insert into public.notification_providers (tenant_id, channel, provider) values ($1, 'email', 'smtp')`,
        [tenant.id],
      )
      const code = await refusal(db, `select private.begin_provider_test($1, 'email')`, [tenant.id])
      await db.query('delete from public.notification_providers where tenant_id = $1', [tenant.id])
      return code
    }),
  ),
)

rule('too_many_registrations', 'let each one end', () =>
  rolledBack(superuser, async (db) => {
    await db.query(`select set_config('request.headers', '{"x-forwarded-for": "192.0.2.99"}', true)`)
    return untilRefused(120, async (n) => {
      const code = await refusal(
        db,
        `select private.begin_registration(sha256($1::text::bytea), sha256('x'), '{}')`,
        [`limits ${n}`],
      )
      await db.query('delete from private.registration_sessions where token_hash = sha256($1::text::bytea)', [
        `limits ${n}`,
      ])
      return code
    })
  }),
)

it('every rule is tried', async () => {
  const { rows } = await superuser.query<{ code: string }>(
    `select distinct m[1] as code from pg_proc as p, regexp_matches(p.prosrc, '''(too_many_\\w+|\\w+_too_soon|\\w+_just_\\w+)''', 'g') as m
     where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)`,
  )
  expect(rows.map(({ code }) => code).filter((code) => !tried.has(code))).toEqual([])
  expect(rows.length).toBeGreaterThan(5)
})
