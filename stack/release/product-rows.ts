import type { Client } from 'pg'
import { connected } from '../database/connected.ts'
import { tablesOf } from '../database/fingerprint.ts'
import type { SchemaFile } from '../database/schemas.ts'

/** The statements that put rows of the product in place. Each may run twice. */
export function productStatements(schemas: SchemaFile[]): string[] {
  return schemas.flatMap(({ sql }) =>
    [...sql.matchAll(/^(?:insert into|select private\.register_|select cron\.schedule).*?;$/gms)].map(
      ([statement]) => statement,
    ),
  )
}

/** The statements that change something in this database, which is left as after them. */
export async function statementsThatChange(
  adminUrl: string,
  url: string,
  statements: string[],
): Promise<string[]> {
  const changing: string[] = []
  await connected(adminUrl, async (reader) => {
    const held = await rowsQuery(reader)
    const read = async () => (await reader.query<{ held: string }>(held)).rows[0]!.held
    await connected(url, async (db) => {
      let before = await read()
      for (const statement of statements) {
        const isRefused = await db.query(statement).then(
          () => false,
          () => true,
        )
        const after = await read()
        // A refused one is left to the person who finishes the draft.
        if (isRefused || after !== before) changing.push(statement)
        before = after
      }
    })
  })
  return changing
}

/** One query for all rows of the product. */
async function rowsQuery(db: Client): Promise<string> {
  const { product } = await tablesOf(db)
  const tables = product.map(
    (name) => `select md5(coalesce(string_agg(line, '|' order by line), '')) as held
      from (select (to_jsonb(t) - '{created_at,updated_at}'::text[])::text as line from ${name} as t) as lines`,
  )
  const jobs = `select md5(coalesce(string_agg(concat_ws('|', jobname, schedule, command, username), '|' order by jobname), '')) from cron.job`
  return `select string_agg(held, ' ') as held from (${[...tables, jobs].join(' union all ')}) as all_rows`
}

/** Removes every job, so that a plan does not speak of them: they are rows of the product, and have statements. */
export async function removeJobs(adminUrl: string): Promise<string[]> {
  return connected(adminUrl, async (db) => {
    const { rows } = await db.query<{ jobname: string }>('delete from cron.job returning jobname')
    return rows.map(({ jobname }) => jobname).sort()
  })
}
