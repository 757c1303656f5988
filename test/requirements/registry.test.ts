import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { tenantId } from '../isolation/matrix/callers.ts'
import { beginWorld } from '../isolation/matrix/run.ts'
import { admin } from '../kit/db.ts'
import { createTenant, type Person, signUpPerson } from '../kit/sign-up.ts'
import { freshSlug } from '../kit/tenants.ts'

// The tests that requirement document 003, the tenant registry, names.

let ada: Person
beforeAll(async () => {
  ada = await signUpPerson()
})

describe('schema', () => {
  const labels = async (type: string) => {
    const { rows } = await admin.query<{ label: string }>(
      `select unnest(enum_range(null::public.${type}))::text as label`,
    )
    return rows.map((row) => row.label)
  }

  it('has the enums', async () => {
    expect(await labels('tenant_status')).toEqual(['demo', 'trial', 'active', 'frozen', 'archived'])
    expect(await labels('tenant_kind')).toEqual(['customer', 'demo', 'platform'])
    expect(await labels('idp_kind')).toEqual(['oidc', 'saml'])
  })

  it('has the columns of tenants', async () => {
    const { rows } = await admin.query<{ column: string; type: string }>(
      `select attname as column, format_type(atttypid, atttypmod) as type from pg_attribute
       where attrelid = 'public.tenants'::regclass and attnum > 0`,
    )
    expect(Object.fromEntries(rows.map(({ column, type }) => [column, type]))).toMatchObject({
      id: 'uuid',
      slug: 'text',
      name: 'text',
      status: expect.stringMatching(/tenant_status$/),
      kind: expect.stringMatching(/tenant_kind$/),
      plan: 'text',
      erp_customer_id: 'text',
      stripe_cust_id: 'text',
      trial_ends_at: 'timestamp with time zone',
      contract_start: 'date',
      contract_end: 'date',
      sales_owner: 'text',
      created_at: 'timestamp with time zone',
      updated_at: 'timestamp with time zone',
    })
  })

  it('has the columns of tenant_idp_config, one of a kind for each tenant', async () => {
    const { rows } = await admin.query<{ column: string; type: string }>(
      `select attname as column, format_type(atttypid, atttypmod) as type from pg_attribute
       where attrelid = 'public.tenant_idp_config'::regclass and attnum > 0`,
    )
    expect(Object.fromEntries(rows.map(({ column, type }) => [column, type]))).toMatchObject({
      id: 'uuid',
      tenant_id: 'uuid',
      type: expect.stringMatching(/idp_kind$/),
      metadata: 'jsonb',
      verified: 'boolean',
      created_at: 'timestamp with time zone',
      updated_at: 'timestamp with time zone',
    })
    const { id } = await createTenant(ada)
    const add = () =>
      admin.query<{ metadata: object; verified: boolean }>(
        `insert into public.tenant_idp_config (tenant_id, type) values ($1, 'oidc') returning metadata, verified`,
        [id],
      )
    expect((await add()).rows).toEqual([{ metadata: {}, verified: false }])
    await expect(add()).rejects.toMatchObject({ code: '23505' })
  })

  it('updated_at auto-bump', async () => {
    const { id } = await createTenant(ada)
    const { data } = await ada.client
      .from('tenants')
      .update({ name: 'Renamed' })
      .eq('id', id)
      .select('created_at, updated_at')
      .single()
    expect(Date.parse(data!.updated_at)).toBeGreaterThan(Date.parse(data!.created_at))
  })
})

describe('TestSlugConstraint', () => {
  const bad = {
    'too short': 'ab',
    'leading dash': '-abc',
    'trailing dash': 'abc-',
    uppercase: 'Abc',
    underscore: 'a_c',
    'too long': 'a'.repeat(41),
    empty: '',
    'another alphabet': 'аbc-def',
    'a line break': 'abc\n',
  }
  for (const [what, slug] of Object.entries(bad)) {
    it(`slug constraint: ${what}`, async () => {
      const insert = admin.query(`insert into public.tenants (slug, name) values ($1, 'Bad')`, [slug])
      await expect(insert).rejects.toMatchObject({ code: '23514', constraint: 'tenants_slug_format' })
      const { status, error } = await ada.client.rpc('create_tenant', { slug, name: 'Bad' })
      expect([status, error?.message]).toEqual([422, 'slug_invalid'])
    })
  }

  it('slug constraint: three and forty characters are slugs', async () => {
    for (const slug of [
      randomBytes(2).toString('hex').slice(1),
      `${freshSlug()}${'x'.repeat(40)}`.slice(0, 40),
    ]) {
      expect((await createTenant(ada, slug)).slug).toBe(slug)
    }
  })

  for (const slug of ['admin', 'api', 'www', 'xn--abc', 'ab--cd']) {
    it(`the word ${slug} is reserved`, async () => {
      const { status, error } = await ada.client.rpc('create_tenant', { slug, name: 'Reserved' })
      expect([status, error?.message]).toEqual([422, 'slug_reserved'])
      await expect(
        admin.query(`insert into public.tenants (slug, name) values ($1, 'Reserved')`, [slug]),
      ).rejects.toMatchObject({
        code: 'PT422',
      })
    })
  }
})

describe('TestSeed_canInsertAndQuery', () => {
  const db = new Client({ connectionString: inject('stack').admin_db_url })
  beforeAll(async () => {
    await db.connect()
    await beginWorld(db)
  })
  afterAll(async () => {
    await db.query('rollback')
    await db.end()
  })

  it('insert across every table; FK cascade', async () => {
    const { rows: tables } = await db.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class as c join pg_attribute as a on a.attrelid = c.oid
       where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
         and c.relkind in ('r', 'p') and not c.relispartition and a.attname = 'tenant_id'
         -- Empty but for the moment of a commit.
         and c.relname <> 'audit_pending'`,
    )
    const count = async (table: string, tenant: string) =>
      (
        await db.query<{ n: number }>(`select count(*)::int as n from ${table} where tenant_id = $1`, [
          tenant,
        ])
      ).rows[0]!.n
    const home = tenantId('home')
    const other = tenantId('other')
    for (const { name } of tables) expect(await count(name, home), name).toBeGreaterThan(0)

    await db.query('delete from public.tenants where id = $1', [home])
    for (const { name } of tables) {
      // "audit_log SET-NULL keeps the row": here with the tenant it was about.
      if (name.includes('audit_log') || name === 'private.audit_heads')
        expect(await count(name, home), name).toBeGreaterThan(0)
      else expect(await count(name, home), name).toBe(0)
      expect(await count(name, other), name).toBeGreaterThan(0)
    }
  })
})
