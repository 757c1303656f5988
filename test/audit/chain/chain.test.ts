import { createHash } from 'node:crypto'
import type { Client } from 'pg'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { makeMigrated, type OwnDatabase } from '../../kit/own-database.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { type Break, chainLength, findBreak } from './find-break.ts'

// In a database of its own: tampering takes locks that other tests would wait for.
let own: OwnDatabase
let db: Client
let pool: pg.Pool
let tenant: Tenant
let other: Tenant

beforeAll(async () => {
  own = await makeMigrated(inject('stack'))
  db = new pg.Client({ connectionString: own.adminUrl })
  await db.connect()
  pool = new pg.Pool({ connectionString: own.url, max: 8 })
  tenant = await makeTenant({ db })
  other = await makeTenant({ db })
  await db.query(`insert into public.campaigns (tenant_id, name) values ($1, 'Ünïcode "quoted" \\ {x}')`, [
    tenant.id,
  ])
})
afterAll(async () => {
  await db?.end()
  await pool?.end()
  await own?.drop()
})

/** What the verifier says after statements that only a superuser can run, which are undone. */
async function afterTampering(...statements: string[]): Promise<Break> {
  await db.query('begin')
  try {
    await db.query('alter table public.audit_log disable trigger all')
    for (const statement of statements)
      await db.query(statement, [tenant.id].slice(0, /\$1/.test(statement) ? 1 : 0))
    return await findBreak(db, tenant.id)
  } finally {
    await db.query('rollback')
  }
}

describe('a chain nobody touched', () => {
  it('holds, from 1 to its head', async () => {
    const length = await chainLength(db, tenant.id)
    expect(length).toBeGreaterThan(4)
    expect(await findBreak(db, tenant.id)).toEqual({
      problem: null,
      break_seq: null,
      last_seq: String(length),
    })
  })

  it('is verified by another program, from docs/audit.md alone', async () => {
    const { rows } = await db.query<Record<string, string | null>>(
      `select tenant_id, seq::text, id, project_id, actor_id, actor_name, actor_type::text, action, crud::text, target_id,
         target_type, target_name, product, component, description, is_failure::text, is_anonymous::text,
         metadata::text, payload_hash, host(source_ip), user_agent, request_id,
         (extract(epoch from created_at) * 1000000)::bigint::text, prev_hash, hash
       from public.audit_log where tenant_id = $1 order by seq`,
      [tenant.id],
    )
    let previous = '0'.repeat(64)
    for (const row of rows) {
      const { hash, ...fields } = row
      expect(row.prev_hash).toBe(previous)
      const canonical = JSON.stringify(['tenantry-audit-1', ...Object.values(fields)])
      expect(createHash('sha256').update(canonical).digest('hex')).toBe(hash)
      previous = hash!
    }
  })
})

describe('tampering is found and named', () => {
  it('with any field of any row', async () => {
    const { rows: columns } = await db.query<{ name: string; type: string }>(
      `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
       where attrelid = 'public.audit_log'::regclass and attnum > 0 and not attisdropped order by attnum`,
    )
    const otherwise: Record<string, (name: string) => string> = {
      uuid: () => 'gen_random_uuid()',
      bigint: (name) => `${name} + 1000`,
      // A null and an empty text must not look alike; where there is a text, it is made another.
      text: (name) =>
        /hash$/.test(name) ? `repeat('a', 64)` : `case when ${name} is null then '' else ${name} || 'x' end`,
      audit_actor_type: (name) =>
        `case ${name} when 'user' then 'api_key' else 'user' end::public.audit_actor_type`,
      audit_crud: (name) => `case ${name} when 'c' then 'd' else 'c' end::public.audit_crud`,
      boolean: (name) => `not ${name}`,
      jsonb: (name) => `${name} || '{"added": true}'`,
      inet: (name) => `coalesce(${name}, '192.0.2.1') + 1`,
      'timestamp with time zone': (name) => `${name} + interval '1 microsecond'`,
    }
    const length = await chainLength(db, tenant.id)
    const missed: string[] = []
    for (let seq = 1; seq <= length; seq++) {
      for (const { name, type } of columns) {
        const value = otherwise[type]?.(name)
        if (!value) throw new Error(`no other value for the type ${type}`)
        const found = await afterTampering(
          `update public.audit_log set ${name} = ${value} where tenant_id = $1 and seq = ${seq}`,
        )
        const leaves = name === 'tenant_id' || name === 'seq'
        // Without its last row the chain is too short for its head.
        const problem = leaves
          ? seq === length && name === 'tenant_id'
            ? 'tail_cut'
            : 'gap'
          : 'hash_mismatch'
        if (found.problem !== problem || found.break_seq !== String(seq))
          missed.push(`${name} of ${seq}: ${found.problem} at ${found.break_seq}`)
      }
    }
    expect(missed).toEqual([])
    expect(columns.length).toBeGreaterThan(20)
  })

  it('a changed field with the hash of its row computed anew', async () => {
    const found = await afterTampering(
      `update public.audit_log as a set actor_id = 'somebody else' where tenant_id = $1 and seq = 2`,
      'update public.audit_log as a set hash = private.audit_hash(a) where tenant_id = $1 and seq = 2',
    )
    expect(found).toMatchObject({ problem: 'wrong_prev', break_seq: '3' })
  })

  it('metadata that its payload_hash does not cover', async () => {
    const found = await afterTampering(
      `update public.audit_log as a set payload_hash = repeat('b', 64) where tenant_id = $1 and seq = 2`,
      'update public.audit_log as a set hash = private.audit_hash(a) where tenant_id = $1 and seq = 2',
    )
    expect(found).toMatchObject({ problem: 'payload_mismatch', break_seq: '2' })
  })

  it('a row deleted', async () => {
    expect(
      await afterTampering('delete from public.audit_log where tenant_id = $1 and seq = 3'),
    ).toMatchObject({ problem: 'gap', break_seq: '3' })
  })

  it('the first row deleted', async () => {
    expect(
      await afterTampering('delete from public.audit_log where tenant_id = $1 and seq = 1'),
    ).toMatchObject({ problem: 'gap', break_seq: '1' })
  })

  it('two rows swapped', async () => {
    const found = await afterTampering(
      'update public.audit_log set seq = seq + 1000 where tenant_id = $1 and seq in (2, 3)',
      'update public.audit_log set seq = 1005 - seq where tenant_id = $1 and seq > 1000',
    )
    expect(found).toMatchObject({ problem: 'hash_mismatch', break_seq: '2' })
  })

  it('the tail cut', async () => {
    const length = await chainLength(db, tenant.id)
    const found = await afterTampering(
      `delete from public.audit_log where tenant_id = $1 and seq > ${length - 2}`,
    )
    expect(found).toMatchObject({ problem: 'tail_cut', break_seq: String(length - 1) })
  })

  it('every row deleted', async () => {
    expect(await afterTampering('delete from public.audit_log where tenant_id = $1')).toMatchObject({
      problem: 'tail_cut',
      break_seq: '1',
    })
  })

  it('the head deleted', async () => {
    expect(await afterTampering('delete from private.audit_heads where tenant_id = $1')).toMatchObject({
      problem: 'head_missing',
    })
  })

  it('a row forged behind the end, well-formed in every field', async () => {
    const length = await chainLength(db, tenant.id)
    const found = await afterTampering(
      `insert into public.audit_log select (jsonb_populate_record(a, jsonb_build_object('seq', a.seq + 1, 'prev_hash', a.hash,
         'action', 'money.paid'))).* from public.audit_log as a where tenant_id = $1 and seq = ${length}`,
      `update public.audit_log as a set hash = private.audit_hash(a) where tenant_id = $1 and seq = ${length + 1}`,
    )
    expect(found).toMatchObject({ problem: 'beyond_head', break_seq: String(length + 1) })
  })

  it('a row copied from another tenant', async () => {
    const length = await chainLength(db, tenant.id)
    const found = await afterTampering(
      `insert into public.audit_log select (jsonb_populate_record(a, jsonb_build_object('seq', ${length + 1}, 'tenant_id', $1::uuid))).*
       from public.audit_log as a where tenant_id = '${other.id}' and seq = 1`,
    )
    expect(found).toMatchObject({ problem: 'hash_mismatch', break_seq: String(length + 1) })
  })

  it('the last row replaced, hash and all', async () => {
    const length = await chainLength(db, tenant.id)
    const found = await afterTampering(
      `update public.audit_log set action = 'nothing.happened' where tenant_id = $1 and seq = ${length}`,
      `update public.audit_log as a set hash = private.audit_hash(a) where tenant_id = $1 and seq = ${length}`,
    )
    expect(found).toMatchObject({ problem: 'head_mismatch', break_seq: String(length) })
  })
})

describe('rows are only added to the log', () => {
  it.each([
    'update public.audit_log set action = action',
    'delete from public.audit_log',
    'truncate public.audit_log',
  ])('%s is refused, for its owner and for the superuser, also while replicating', async (statement) => {
    const refusal = 'Rows can only be added to the audit log.'
    await expect(pool.query(statement)).rejects.toThrow(refusal)
    await expect(db.query(statement)).rejects.toThrow(refusal)
    await db.query(`set session_replication_role = 'replica'`)
    await expect(db.query(statement)).rejects.toThrow(refusal)
    await db.query(`set session_replication_role = 'origin'`)
  })

  it('by nobody over the API', async () => {
    const { rows } = await db.query(
      `select r.role, p.privilege from unnest('{anon,authenticated,service_role}'::text[]) as r (role),
         unnest('{insert,update,delete,truncate}'::text[]) as p (privilege)
       where has_table_privilege(r.role, 'public.audit_log', p.privilege)`,
    )
    expect(rows).toEqual([])
  })

  it('and outlives its tenant', async () => {
    const gone = await makeTenant({ db })
    const before = await chainLength(db, gone.id)
    await db.query('delete from public.tenants where id = $1', [gone.id])
    const { rows } = await db.query(
      'select action, target_name from public.audit_log where tenant_id = $1 and seq > $2 order by seq',
      [gone.id, before],
    )
    // What goes with the tenant is told by its one row.
    expect(rows).toEqual([{ action: 'tenants.deleted', target_name: gone.slug }])
    expect(await findBreak(db, gone.id)).toMatchObject({ problem: null })
  })
})
