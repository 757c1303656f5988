import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { anonClient, coachClient, serviceClient } from '../kit/clients.ts'
import { admin, asAnon, asUser, superuser } from '../kit/db.ts'

const stack = inject('stack')
const table = `privileges_${randomUUID().slice(0, 8)}`
const rest = (path: string, headers: Record<string, string>) =>
  fetch(`${stack.api_url}/rest/v1/${path}`, { headers })

beforeAll(async () => {
  await admin.query(`create table public.${table} (id int primary key, note text)`)
  await admin.query(`alter table public.${table} enable row level security`)
  await admin.query(
    `create policy "all of it" on public.${table} for select to anon, authenticated using (true)`,
  )
  await admin.query(`grant all on public.${table} to anon, authenticated, service_role`)
})

afterAll(async () => {
  await admin.query(`drop table public.${table}`)
})

describe('privileges stay what migrations made them', () => {
  test('a granted table answers, and closes with the next request after the revoke', async () => {
    // The REST API hears of the table by a notification.
    await expect.poll(async () => (await anonClient().from(table).select()).status).toBe(200)
    await admin.query(`revoke all on public.${table} from anon, authenticated`)
    expect((await anonClient().from(table).select()).status).toBe(401)
  })

  test('a revoked privilege stays revoked after REST requests', async () => {
    await admin.query(`revoke all on public.${table} from anon, authenticated`)
    const coach = await coachClient('leadingwithmeaning')
    for (const client of [anonClient(), coach, serviceClient()]) {
      await client.from(table).select()
      await client.from('tenants').select()
      await client.rpc('get_tenant_by_slug', { slug: 'leadingwithmeaning' })
    }
    const { rows } = await superuser.query(
      `select grantee from information_schema.role_table_grants
       where table_schema = 'public' and table_name = $1 and grantee in ('anon', 'authenticated', 'PUBLIC')`,
      [table],
    )
    expect(rows).toEqual([])
    expect((await coach.from(table).select()).status).toBe(403)
    expect((await anonClient().from(table).insert({ id: 2 })).status).toBe(401)
  })

  test('no schema but public gained a privilege for the API roles', async () => {
    await anonClient().from('tenants').select()
    const { rows } = await superuser.query(
      `select n.nspname as schema, c.relname as name from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
       where n.nspname in ('auth', 'private', 'supabase_migrations') and c.relkind in ('r', 'p', 'v')
         and has_table_privilege('anon', c.oid, 'select')`,
    )
    expect(rows).toEqual([])
  })
})

describe('roles are as hosted', () => {
  test('postgres is not a superuser, and passes row level security', async () => {
    const { rows } = await admin.query(
      'select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication from pg_roles where rolname = current_user',
    )
    expect(rows).toEqual([
      { rolsuper: false, rolbypassrls: true, rolcreaterole: true, rolcreatedb: true, rolreplication: true },
    ])
    await expect(admin.query(`alter role supabase_admin password 'mine'`)).rejects.toThrow(
      /permission denied/,
    )
    await expect(admin.query(`copy public.${table} to program 'true'`)).rejects.toThrow(/permission denied/)
    await expect(admin.query('set role supabase_admin')).rejects.toThrow(/permission denied/)
  })

  test('postgres seeds users and hangs triggers on them, but does not own them', async () => {
    const db = await admin.connect()
    try {
      await db.query('begin')
      await db.query(`insert into auth.users (id, email) values (gen_random_uuid(), 'trigger@example.com')`)
      await db.query(
        `create trigger t after insert on auth.users for each row execute function pg_catalog.suppress_redundant_updates_trigger()`,
      )
      await expect(db.query('drop table auth.users')).rejects.toThrow(/must be owner/)
    } finally {
      await db.query('rollback')
      db.release()
    }
  })

  test('anon and authenticated read no user', async () => {
    await expect(asAnon((db) => db.query('select from auth.users'))).rejects.toThrow(/permission denied/)
    await expect(asUser(randomUUID(), (db) => db.query('select from auth.users'))).rejects.toThrow(
      /permission denied/,
    )
  })

  test('auth.uid() reads the claims however they were set', async () => {
    const id = randomUUID()
    const uid = await asUser(id, async (db) => (await db.query('select auth.uid() as uid')).rows[0].uid)
    expect(uid).toBe(id)
    expect(await asAnon(async (db) => (await db.query('select auth.uid() as uid')).rows[0].uid)).toBeNull()
  })
})

describe('keys and tokens', () => {
  test.each([
    ['no key', {}],
    ['an empty key', { apikey: '' }],
    ['a key that is not one', { apikey: 'sb_secret_x' }],
    ['the secret key as a bearer token only', { authorization: `Bearer ${stack.secret_key}` }],
    ['a token that is not a JWT', { apikey: stack.publishable_key, authorization: 'Bearer nobody' }],
    [
      'an unsigned token',
      { apikey: stack.publishable_key, authorization: `Bearer ${unsigned('service_role')}` },
    ],
  ])('%s is 401, also from this machine', async (_, headers) => {
    expect((await rest('tenants?select=id', headers)).status).toBe(401)
  })

  test('a token signed by somebody else is 401', async () => {
    const token = await new SignJWT({ role: 'service_role' })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode('another secret, just as long as ours'))
    const headers = { apikey: stack.publishable_key, authorization: `Bearer ${token}` }
    expect((await rest('tenants?select=id', headers)).status).toBe(401)
  })

  test('even a token that we signed becomes no role beyond the three of the API', async () => {
    for (const role of ['supabase_admin', 'postgres', 'supabase_auth_admin']) {
      const token = await new SignJWT({ role, sub: randomUUID() })
        .setProtectedHeader({ alg: 'HS256' })
        .sign(new TextEncoder().encode(stack.jwt_secret))
      const headers = { apikey: stack.publishable_key, authorization: `Bearer ${token}` }
      const answer = await rest('tenants?select=id', headers)
      expect([role, answer.ok]).toEqual([role, false])
    }
  })

  test('the secret key sees every tenant, the publishable key none', async () => {
    expect((await serviceClient().from('tenants').select('id')).data?.length).toBeGreaterThan(1)
    expect((await anonClient().from('tenants').select('id')).data ?? []).toEqual([])
  })

  test('only public is exposed', async () => {
    for (const schema of ['auth', 'private', 'vault', 'cron', 'net', 'supabase_migrations']) {
      const { status, error } = await serviceClient().schema(schema).from('users').select()
      expect([schema, status, error?.code]).toEqual([schema, 406, 'PGRST106'])
    }
  })
})

function unsigned(role: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ role })}.`
}
