import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { codeOf, messageOf, StackFailure } from '../failure.ts'
import { databaseUrl, newPassword, type StackFile, writeStackFile } from '../secrets.ts'
import { schemaFolders } from './schemas.ts'

/**
 * Runs seeds/*.sql as postgres in one transaction, once per data folder, and gives the users in them
 * passwords, since a committed file must hold none. Returns how many files ran.
 */
export async function seed(root: string, dataDir: string, file: StackFile, dbPort: number): Promise<number> {
  const names = seedFiles(root)
  if (names.length === 0) return 0
  const client = new Client({ connectionString: databaseUrl(file, 'postgres', dbPort) })
  await client.connect()
  try {
    // The CLI's own table for seeds, so that its --include-seed would not run them again.
    await client.query(`create schema if not exists supabase_migrations`)
    await client.query(
      `create table if not exists supabase_migrations.seed_files (path text not null primary key, hash text not null)`,
    )
    const done = await client.query('select from supabase_migrations.seed_files')
    if (done.rowCount !== 0) return 0
    await client.query('begin')
    for (const name of names) await runSeed(client, root, name)
    await givePasswords(client, dataDir, file)
    await client.query('commit')
    return names.length
  } finally {
    await client.end()
  }
}

/** The registry's first, since everything belongs to a tenant. The others as their domains' schemas are, then the rest. */
export function seedFiles(root: string): string[] {
  const folder = join(root, 'seeds')
  if (!existsSync(folder)) return []
  const domains = schemaFolders(root).map((name) => `${name.slice(3)}.sql`)
  const order = ['registry.sql', ...domains]
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length)
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}

async function runSeed(client: Client, root: string, name: string): Promise<void> {
  const sql = await readFile(join(root, 'seeds', name), 'utf8')
  try {
    await client.query(sql)
  } catch (error) {
    const { position, where } = error as { position?: string; where?: string }
    const line = position ? ` at line ${sql.slice(0, Number(position)).split('\n').length}` : ''
    throw new StackFailure(
      `The seed seeds/${name} failed${line} and changed nothing; correct it, or start with --no-seed. The database said: ${messageOf(error)}${where ? ` (${where.split('\n')[0]})` : ''}`,
    )
  }
  await client.query('insert into supabase_migrations.seed_files (path, hash) values ($1, $2)', [
    `seeds/${name}`,
    createHash('sha256').update(sql).digest('hex'),
  ])
}

async function givePasswords(client: Client, dataDir: string, file: StackFile): Promise<void> {
  const { rows } = await client.query<{ id: string; email: string }>(
    `select id, email from auth.users where coalesce(encrypted_password, '') = '' and email is not null order by email`,
  )
  for (const user of rows) file.user_passwords[user.email] ??= newPassword()
  // Saved before the commit: an unused password is harmless, a user without a known password is not.
  await writeStackFile(dataDir, file)
  // A cheap hash is enough for 144 random bits, and keeps the first start short.
  await client.query(
    `update auth.users as u set encrypted_password = extensions.crypt(given.password, extensions.gen_salt('bf', 6)),
       email_confirmed_at = coalesce(u.email_confirmed_at, now())
     from unnest($1::uuid[], $2::text[]) as given (id, password) where u.id = given.id`,
    [rows.map((user) => user.id), rows.map((user) => file.user_passwords[user.email])],
  )
}

export interface Coach {
  tenant_slug: string
  email: string
  password: string
}

/** The owners of tenants who can sign in, also of the platform's own. */
export async function listCoaches(file: StackFile, dbPort: number): Promise<Coach[]> {
  const client = new Client({ connectionString: databaseUrl(file, 'postgres', dbPort) })
  await client.connect()
  try {
    const { rows } = await client.query<{ tenant_slug: string; email: string }>(
      `select t.slug as tenant_slug, u.email
       from public.tenants as t
       join public.tenant_members as m on m.tenant_id = t.id and m.role = 'owner' and m.status = 'active'
       join auth.users as u on u.id = m.user_id
       order by t.kind = 'platform', t.created_at, t.slug, u.email`,
    )
    return rows.flatMap((row) => {
      const password = file.user_passwords[row.email]
      return password ? [{ ...row, password }] : []
    })
  } catch (error) {
    // No such tables: the migrations of another project.
    if (codeOf(error) === '42P01') return []
    throw error
  } finally {
    await client.end()
  }
}
