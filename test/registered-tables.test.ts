import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { superuser } from './kit/db.ts'
import { connected, makeMigrated, type OwnDatabase } from './kit/own-database.ts'

// Without the table that test/stack/privileges.test.ts makes, perhaps at the same time.
const tables = `
  select c.oid::regclass as relation, c.oid::regclass::text as name from pg_class as c
  join pg_namespace as n on n.oid = c.relnamespace
  where n.nspname in ('public', 'private') and c.relkind in ('r', 'p') and not c.relispartition
    and c.relname not like 'privileges\\_%'`

it('every table is registered', async () => {
  const { rows } = await superuser.query(
    `select t.name from (${tables}) as t where t.relation not in (select relation from private.registered_tables)`,
  )
  expect(rows).toEqual([])
})

it('every column that can hold anything is classified, once', async () => {
  const { rows } = await superuser.query(
    `select t.name, c as column_name from (${tables}) as t
     join private.registered_tables as g using (relation)
     cross join lateral private.columns_to_classify(t.relation) as c
     where c <> all (g.plain || g.personal || g.secret)`,
  )
  expect(rows).toEqual([])
})

it('every table with personal data says whose it is, or why it is kept', async () => {
  const { rows } = await superuser.query(
    `select relation::text from private.registered_tables
     where personal <> '{}' and person is null and forgotten_with is null and on_forget <> 'keep'`,
  )
  expect(rows).toEqual([])
})

it('every column that is classified exists', async () => {
  const { rows } = await superuser.query(
    `select g.relation::text, n as column_name from private.registered_tables as g
     cross join lateral unnest(g.plain || g.personal || g.secret || g.quiet) as n
     where not exists (select from pg_attribute as a
       where a.attrelid = g.relation and a.attname = split_part(n, '.', 1) and a.attnum > 0 and not a.attisdropped)`,
  )
  expect(rows).toEqual([])
})

it("no person is granted a column that is the platform's own, and it is in no function's answer", async () => {
  const { rows } = await superuser.query(
    `select g.relation::text, n as column_name from private.registered_tables as g cross join lateral unnest(g.internal) as n
     cross join unnest(array['anon', 'authenticated']) as r (role)
     where has_column_privilege(r.role, g.relation, n, 'select')`,
  )
  expect(rows).toEqual([])
  // A definer function that returns such a row passes the grants: account.test.ts shows what each of these gives.
  const { rows: returning } = await superuser.query<{ name: string }>(
    `select p.proname as name from pg_proc as p join pg_type as t on t.oid = p.prorettype
     join private.registered_tables as g on g.relation = t.typrelid
     where p.pronamespace = 'public'::regnamespace and g.internal <> '{}' order by 1`,
  )
  expect(returning.map(({ name }) => name)).toEqual([
    'change_tenant_status',
    'create_tenant',
    'rename_tenant_slug',
  ])
})

it('no table is published, so Realtime tells nobody anything', async () => {
  const { rows } = await superuser.query('select tablename from pg_publication_tables')
  expect(rows).toEqual([])
})

describe('register_table()', () => {
  let own: OwnDatabase
  beforeAll(async () => {
    own = await makeMigrated(inject('stack'))
  })
  afterAll(() => own?.drop())

  const table = `create table public.notes (
    tenant_id uuid not null references public.tenants on delete cascade, id uuid not null default private.uuid_v7(),
    body text not null, author text, details jsonb, labels text[], token bytea, sent_from inet, copy_secret_id uuid, size int,
    primary key (tenant_id, id));`
  const all = `plain => '{details,labels}', personal => '{author,sent_from}', secret => '{token,copy_secret_id}'`

  it.each([
    [
      'a column that is not classified',
      `'public.notes', ${all}`,
      /say for public\.notes whether .*: body\.$/,
    ],
    [
      'columns of every kind that can hold anything',
      `'public.notes'`,
      /: body, author, details, labels, token, sent_from, copy_secret_id\.$/,
    ],
    ['a column that does not exist', `'public.notes', ${all}, quiet => '{bodies}'`, /has no column bodies/],
    [
      'a column in two classes',
      `'public.notes', plain => '{body,details,labels,author}', personal => '{author,sent_from}', secret => '{token,copy_secret_id}'`,
      /a_column_has_one_content/,
    ],
    [
      'an unknown way to forget',
      `'public.notes', plain => '{body,details,labels}', personal => '{author,sent_from}', secret => '{token,copy_secret_id}', on_forget => 'hide'`,
      /on_forget_is_known/,
    ],
    [
      'keeping without a reason',
      `'public.notes', plain => '{body,details,labels}', personal => '{author,sent_from}', secret => '{token,copy_secret_id}', on_forget => 'keep'`,
      /keeping_has_a_reason/,
    ],
    [
      'a note of the platform that is not classified',
      `'public.notes', ${all.replace('labels', 'labels,body')}, internal => '{size}'`,
      /internal_is_classified/,
    ],
    [
      'erasing what cannot be null',
      `'public.notes', plain => '{details,labels}', personal => '{body,author,sent_from}', secret => '{token,copy_secret_id}', person => 'author'`,
      /body cannot be erased/,
    ],
    [
      'being forgotten with a table that it does not refer to',
      `'public.notes', ${all.replace('labels', 'labels,body')}, on_forget => 'delete', forgotten_with => 'public.participant_sessions'`,
      /It must refer to it/,
    ],
    [
      'being forgotten with a table that does not say whose its rows are',
      `'public.notes', ${all.replace('labels', 'labels,body')}, on_forget => 'delete', forgotten_with => 'public.tenants'`,
      /must say whose its rows are/,
    ],
    [
      'being forgotten with another and staying',
      `'public.notes', ${all.replace('labels', 'labels,body')}, forgotten_with => 'public.participant_sessions'`,
      /It must refer to it/,
    ],
  ])('refuses %s', async (_what, args, message) => {
    await connected(own.url, async (db) => {
      await db.query('begin')
      await db.query(table)
      await expect(db.query(`select private.register_table(${args})`)).rejects.toThrow(message)
    })
  })

  it('what it says is what the audit log and an export leave out, also when it is said again', async () => {
    await connected(own.url, async (db) => {
      await db.query(`begin; ${table}`)
      const tenant = (await db.query('select private.platform_tenant_id() as id')).rows[0].id
      const changesAfter = async (args: string) => {
        await db.query(`select private.register_table('public.notes', ${args})`)
        await db.query('delete from private.audit_pending')
        await db.query(`insert into public.notes (tenant_id, body, author) values ($1, 'Call Ada.', 'Bo')`, [
          tenant,
        ])
        const { rows } = await db.query(`select metadata -> 'changes' as changes from private.audit_pending`)
        return rows.map(({ changes }) => [changes.body, changes.author])
      }
      expect(
        await changesAfter(
          `plain => '{body,details,labels}', personal => '{author,sent_from}', secret => '{token,copy_secret_id}'`,
        ),
      ).toEqual([[{ new: 'Call Ada.' }, { is_redacted: true }]])
      expect(
        await changesAfter(
          `personal => '{body,author,sent_from}', plain => '{details,labels}', secret => '{token,copy_secret_id}'`,
        ),
      ).toEqual([[{ is_redacted: true }, { is_redacted: true }]])
      const { rows } = await db.query(`select redacted from private.export_tables($1) where name = 'notes'`, [
        tenant,
      ])
      expect(rows[0].redacted).toEqual(['token', 'copy_secret_id'])
      expect(
        await changesAfter(
          `personal => '{body,author,sent_from}', plain => '{details,labels}', secret => '{token,copy_secret_id}', unaudited => 'a test'`,
        ),
      ).toEqual([])
      await db.query('rollback')
    })
  })
})
