import type pg from 'pg'

// The rows that a call writes, written by plain inserts: the least that a machine can do for the same result.

interface Table {
  source: string
  copy: string
  columns: string
}

/** Tables with the columns, keys, checks and indexes of those of the product, and without triggers. */
export async function copyTables(admin: pg.Client): Promise<Table[]> {
  const { rows } = await admin.query<Table>(
    `select format('%I.%I', n.nspname, c.relname) as source, format('bare.%I', c.relname) as copy,
       (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute as a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns
     from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
     where n.nspname in ('public', 'private') and c.relkind in ('r', 'p') and not c.relispartition`,
  )
  await admin.query('create schema bare')
  for (const { source, copy } of rows)
    await admin.query(`create table ${copy} (like ${source} including all)`)
  await admin.query(
    'grant usage on schema bare to postgres; grant insert on all tables in schema bare to postgres',
  )
  return rows
}

/** The id of a transaction that begins now. What is written between two of them is found by theirs. */
export async function newestTransaction(admin: pg.Client): Promise<string> {
  const { rows } = await admin.query<{ xid: string }>('select pg_current_xact_id()::text as xid')
  return rows[0]!.xid
}

/** An insert for each row that was written between two transactions. Other processes may write rows at the same time. */
export async function insertsBetween(
  admin: pg.Client,
  tables: Table[],
  after: string,
  before: string,
): Promise<string[]> {
  const inserts: string[] = []
  for (const { source, copy, columns } of tables) {
    const { rows } = await admin.query<{ values: string }>(
      `select (select string_agg(quote_nullable(v.value), ', ' order by v.n)
         from unnest(array[${columns.replaceAll(/[^,]+/g, (column) => `r.${column.trim()}::text`)}]) with ordinality as v (value, n)) as values
       from ${source} as r where r.xmin::text::bigint between $1 and $2`,
      [after, before],
    )
    inserts.push(
      ...rows.map(
        ({ values }) =>
          `insert into ${copy} (${columns}) overriding system value values (${values}) on conflict do nothing`,
      ),
    )
  }
  return inserts
}
