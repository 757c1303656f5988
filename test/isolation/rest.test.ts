import type { SupabaseClient } from '@supabase/supabase-js'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { anonClient, coachClient } from '../kit/clients.ts'
import { superuser } from '../kit/db.ts'
import { nowhereId, type TenantName, tenantId } from './matrix/callers.ts'
import { declared } from './matrix/declared.ts'
import { parentsFirst } from './matrix/world.ts'

// The matrix proves what SQL lets through; this proves that nothing more comes through the gateway, with the
// client that people use. One seeded tenant is attacked by nobody and by the coach of another.
const { functions, relations, rows: declaredRows } = declared
const victimSlug = 'leadingwithmeaning'
const stack = inject('stack')
let victim: string
let mine: string
let attacker: SupabaseClient
let arguments_: Record<string, Record<string, unknown>>
/** The rows that were added, each by its primary key. */
const filled: { table: string; row: unknown }[] = []

beforeAll(async () => {
  const { rows } = await superuser.query<{ id: string; slug: string }>('select id, slug from public.tenants')
  victim = rows.find((row) => row.slug === victimSlug)!.id
  mine = rows.find((row) => row.slug === 'moneystory')!.id
  attacker = await coachClient('moneystory')
  arguments_ = await readArguments()
  // An empty table proves nothing, and the seeds leave some empty. Each gets the row that the matrix has.
  for (const table of await parentsFirst(superuser, Object.keys(declaredRows))) {
    await fill(table, 'home', victim)
    await fill(table, 'other', mine)
  }
  // The matrix has a key for each of its callers, and no other.
  for (const tenant of [victim, mine])
    await add(
      'public.api_keys',
      `(tenant_id, name, prefix, scopes) values ('${tenant}', 'sweep', 'AAAAAAAA', '{usage:write}')`,
    )
})
afterAll(async () => {
  for (const { table, row } of filled.reverse())
    await superuser.query(`delete from ${table} as made where to_jsonb(made) @> $1`, [row])
})

/** Gives a table of the API the row that its rules declare, with this tenant and its owner in it. A row that is there stays. */
async function fill(table: string, name: TenantName, tenant: string): Promise<void> {
  if (!relations[table.replace('public.', '')]) return
  const own = declaredRows[table]!(name)
    .replaceAll(tenantId(name), tenant)
    .replaceAll(/15010000-0000-4000-8000-\w{12}/g, await ownerOf(tenant))
  await add(table, own)
}

async function add(table: string, own: string): Promise<void> {
  const { rows } = await superuser.query<{ row: unknown }>(
    `insert into ${table} as made ${own} on conflict do nothing returning (
       select jsonb_object_agg(a.attname, to_jsonb(made) -> a.attname) from pg_index as i, pg_attribute as a
       where i.indrelid = $1::regclass and i.indisprimary and a.attrelid = i.indrelid and a.attnum = any (i.indkey)
         -- A row of an append-only table stays.
         and not exists (select from pg_trigger as t where t.tgrelid = i.indrelid and t.tgname like '%_refuse_change')) as row`,
    [table],
  )
  for (const { row } of rows) if (row) filled.push({ table, row })
}

const tables = Object.entries(relations)
/** `name = 'Probe'`, or `name, slug = 'Probe', 'probe'`, as the row that supabase-js takes. */
const asRow = (assignment: string) => {
  const [columns, values] = assignment.split(' = ').map((list) => list.split(', '))
  return Object.fromEntries(columns!.map((column, n) => [column, values![n]!.replaceAll("'", '')]))
}
/** A table whose name is a variable has no row type. */
const row = (values: Record<string, string>) => values as never
const keyOf = (rule: (typeof relations)[string]) =>
  rule.select === 'everyone' ? (rule.directory ?? 'plan') : rule.key

describe('nobody, with the publishable key alone', () => {
  for (const [name, rule] of tables) {
    it(`is denied ${name}, whatever the request`, async () => {
      const anon = anonClient()
      const key = keyOf(rule)
      const answers = [
        await anon.from(name).select('*').limit(1),
        await anon.from(name).select('*', { count: 'exact', head: true }),
        await anon.from(name).insert(row({ [key]: victim })),
        await anon
          .from(name)
          .update(asRow(rule.update?.set ?? `${key} = '${nowhereId}'`))
          .eq(key, victim),
        await anon.from(name).delete().eq(key, victim),
      ]
      for (const { status, data } of answers)
        expect({ status, data }).toEqual({ status: expect.any(Number), data: null })
      // A view refuses some actions before it asks who is there.
      const refusals = answers.map(({ status }) => status).filter((status) => status !== 401)
      expect(refusals.every((status) => rule.view !== undefined && status >= 400 && status < 600)).toBe(true)
    })
  }

  for (const [name, rule] of Object.entries(functions)) {
    it(`${rule.needs === 'everyone' ? 'may call' : 'is denied'} ${name}()`, async () => {
      const { status } = await anonClient().rpc(name, arguments_[name])
      if (rule.needs === 'everyone') expect(status).toBeLessThan(300)
      else expect(status).toBe(401)
    })
  }
})

describe("another tenant's coach", () => {
  for (const [name, rule] of tables.filter(([, one]) => one.select !== 'everyone')) {
    it(`reads, counts, writes and deletes nothing of it in ${name}`, async () => {
      const key = keyOf(rule)
      const whose = rule.select === 'colleagues' ? await ownerOf(victim) : victim
      // A column that nobody is granted makes "*" a refusal.
      const columns = rule.withheld === undefined ? '*' : rule.columns.split(' ').join(',') || '*'
      const { data, error } = await attacker.from(name).select(columns).limit(1000)
      if (rule.isWithheld) {
        expect(error?.code).toBe('42501')
        return
      }
      expect(error).toBeNull()
      expect(data!.length).toBeGreaterThan(0)
      expect(data!.filter((row) => (row as unknown as Record<string, unknown>)[key] === whose)).toEqual([])

      const counted = await attacker.from(name).select(key, { count: 'exact', head: true }).eq(key, whose)
      expect(counted.count).toBe(0)

      const updated = await attacker
        .from(name)
        .update(asRow(rule.update?.set ?? `${key} = '${whose}'`))
        .eq(key, whose)
        .select(columns)
      expect(updated.data ?? []).toEqual([])
      const deleted = await attacker.from(name).delete().eq(key, whose).select(columns)
      expect(deleted.data ?? []).toEqual([])
      const inserted = await attacker
        .from(name)
        .insert(row({ [key]: whose, ...(rule.insert ? asRow(rule.insert.row) : {}) }))
      expect(inserted.data).toBeNull()
      if (!rule.view) expect([inserted.status, inserted.error?.code]).toEqual([403, '42501'])
    })
  }

  for (const [name, rule] of Object.entries(functions)) {
    if (rule.needs === 'everyone' || rule.needs === 'signed-in') continue
    it(`hears from ${name}() what it says of a tenant that does not exist`, async () => {
      const of = async (tenant: string) => {
        const { status, error } = await attacker.rpc(name, { ...arguments_[name], tenant_id: tenant })
        return { status, message: error?.message, details: error?.details, hint: error?.hint }
      }
      expect(await of(victim)).toEqual(await of(nowhereId))
      expect(await of(victim)).toMatchObject({ status: 404, message: 'tenant_not_found' })
    })
  }

  it('learns nothing from pointing at a row of the victim', async () => {
    const { rows } = await superuser.query<{ id: string }>(
      'select id from public.campaigns where tenant_id = $1 limit 1',
      [victim],
    )
    const pointAt = async (campaign: string) => {
      const { status, error } = await attacker
        .from('participant_sessions')
        .insert({ tenant_id: mine, campaign_id: campaign })
      return JSON.stringify({ status, error }).replaceAll(campaign, 'it')
    }
    expect(await pointAt(rows[0]!.id)).toBe(await pointAt(nowhereId))
    expect(await pointAt(nowhereId)).toContain('23503')
  })

  it('cannot reach the victim by embedding', async () => {
    const { data } = await attacker
      .from('tenants')
      .select('id, campaigns(tenant_id), tenant_members(tenant_id, user_profiles(user_id))')
    expect(JSON.stringify(data)).not.toContain(victim)
    expect(JSON.stringify(data)).toContain(mine)
  })
})

describe('what the API does not have', () => {
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const { data } = await attacker.auth.getSession()
    return fetch(`${stack.api_url}/rest/v1/${path}`, {
      headers: {
        apikey: stack.publishable_key,
        authorization: `Bearer ${data.session!.access_token}`,
        ...headers,
      },
    })
  }

  it('the private schema, by any of its names', async () => {
    const { rows } = await superuser.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'private'::regnamespace and relkind in ('r', 'p')`,
    )
    expect(rows.length).toBeGreaterThan(4)
    for (const { name } of rows) {
      expect((await ask(name)).status, name).toBe(404)
      expect((await ask(name, { 'accept-profile': 'private' })).status, name).toBe(406)
    }
    expect((await ask('users', { 'accept-profile': 'auth' })).status).toBe(406)
    expect((await ask('decrypted_secrets', { 'accept-profile': 'vault' })).status).toBe(406)
  })

  it('a helper function', async () => {
    expect((await ask(`rpc/require_permission?tenant=${victim}&permission=read`)).status).toBe(404)
    expect((await ask('rpc/tenant_ids?permission=read', { 'accept-profile': 'private' })).status).toBe(406)
  })

  it('a query plan, whose estimates count everybody', async () => {
    const answer = await ask('usage_events?select=*', { accept: 'application/vnd.pgrst.plan+json' })
    expect(await answer.text()).not.toMatch(/Plan Rows|Seq Scan|Index/)
    expect(answer.status).not.toBe(200)
  })

  it.each(['planned', 'estimated'] as const)('a %s count, which counts everybody', async (count) => {
    // A HEAD's refusal has no body; GET says why.
    const refused = await attacker.from('usage_events').select('id', { count }).limit(1)
    expect([refused.status, refused.error?.message]).toEqual([400, 'count_not_offered'])
    const head = await attacker
      .from('usage_events')
      .select('*', { count, head: true })
      .eq('tenant_id', victim)
    expect([head.status, head.count]).toEqual([400, null])
  })
})

async function ownerOf(tenant: string): Promise<string> {
  const { rows } = await superuser.query<{ user_id: string }>(
    `select user_id from public.tenant_members where tenant_id = $1 and role = 'owner'`,
    [tenant],
  )
  return rows[0]!.user_id
}

/** Something to send for every argument of every function, read from the catalog, with the victim as the tenant. */
async function readArguments(): Promise<Record<string, Record<string, unknown>>> {
  const { rows } = await superuser.query<{
    name: string
    argument: string
    type: string
    label: string | null
  }>(
    `select p.proname as name, a.argument, format_type(a.type, null) as type,
       (select e.enumlabel from pg_enum as e where e.enumtypid = a.type order by e.enumsortorder limit 1) as label
     from pg_proc as p, unnest(p.proargtypes::oid[], (p.proargnames)[1 : p.pronargs]) as a (type, argument)
     where p.pronamespace = 'public'::regnamespace`,
  )
  const given: Record<string, Record<string, unknown>> = {}
  const scalar: Record<string, unknown> = {
    ...{ text: 'probe', jsonb: {}, bigint: 1, integer: 1, uuid: victim },
    ...{ bytea: `\\x${'00'.repeat(32)}`, 'public.tenant_role': 'member', tenant_role: 'member' },
    ...{ tenant_status: 'frozen', 'public.tenant_status': 'frozen' },
  }
  for (const { name, argument, type, label } of rows) {
    const value = type.startsWith('timestamp')
      ? new Date().toISOString()
      : (scalar[type.replace('[]', '')] ?? label)
    given[name] ??= {}
    given[name][argument] = argument === 'tenant_id' ? victim : type.endsWith('[]') ? [value] : value
  }
  return given
}
