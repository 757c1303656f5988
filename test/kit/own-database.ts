import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { connected } from '../../stack/database/connected.ts'
import type { StackAccess } from './stack.ts'

export { connected }

const root = new URL('../../', import.meta.url)

export interface OwnDatabase {
  /** As the superuser. */
  adminUrl: string
  /** As the role postgres, which is none. */
  url: string
  drop(): Promise<void>
}

/**
 * A database beside the stack's, like an empty hosted project: for tests whose DDL would stand in the way of
 * all others. Of Auth it has what migrations refer to: the users and who is asking.
 */
export async function makeDatabase(
  stack: Pick<StackAccess, 'admin_db_url' | 'db_url'>,
): Promise<OwnDatabase> {
  const name = freshName()
  await connected(stack.admin_db_url, async (db) => {
    await db.query(`create database ${name}`)
  })
  const adminUrl = inDatabase(stack.admin_db_url, name)
  await connected(stack.admin_db_url, async (shared) => {
    // Roles belong to the whole server, and two files altering one at once would fail. Locks belong to a
    // database, so it is taken in the one they share.
    await shared.query('select pg_advisory_lock(20261120)')
    await connected(adminUrl, async (db) => {
      await db.query(readFileSync(new URL('stack/database/roles.sql', root), 'utf8'))
      await db.query(
        `create table auth.users (id uuid primary key, email text, email_confirmed_at timestamptz, raw_app_meta_data jsonb, raw_user_meta_data jsonb)`,
      )
      await db.query(
        `create table auth.identities (id uuid primary key, provider text, provider_id text, user_id uuid, identity_data jsonb, updated_at timestamptz)`,
      )
      await db.query(readFileSync(new URL('stack/database/auth.sql', root), 'utf8'))
      await db.query(`alter database ${name} owner to postgres`)
      await db.query(`alter database ${name} set search_path to "$user", public, extensions`)
    })
  })
  return ownDatabase(stack, name)
}

/**
 * A database of its own with what the migrations make. They take seconds, so they run once on each server, and every
 * database is a copy of that one.
 */
export async function makeMigrated(
  stack: Pick<StackAccess, 'admin_db_url' | 'db_url'>,
): Promise<OwnDatabase> {
  const original = ownDatabase(stack, 'migrated')
  await connected(stack.admin_db_url, async (shared) => {
    // Whoever is first makes it, and the others wait.
    await shared.query('select pg_advisory_lock(20261123)')
    const { rowCount } = await shared.query(`select from pg_database where datname = 'migrated'`)
    if (rowCount === 1) return
    const made = await makeDatabase(stack)
    await applyMigrations(made.url)
    await shared.query(`alter database ${nameOf(made)} rename to migrated`)
  })
  return makeCopy(stack, original)
}

/** Another database with the same in it. Nobody may be connected to the first meanwhile. */
export async function makeCopy(
  stack: Pick<StackAccess, 'admin_db_url' | 'db_url'>,
  original: OwnDatabase,
): Promise<OwnDatabase> {
  const name = freshName()
  await connected(stack.admin_db_url, async (db) => {
    await db.query(`create database ${name} template ${nameOf(original)} owner postgres`)
    await db.query(`alter database ${name} set search_path to "$user", public, extensions`)
  })
  return ownDatabase(stack, name)
}

const nameOf = ({ url }: OwnDatabase) => new URL(url).pathname.slice(1)

const freshName = () => `test_${randomBytes(6).toString('hex')}`

function ownDatabase(stack: Pick<StackAccess, 'admin_db_url' | 'db_url'>, name: string): OwnDatabase {
  return {
    adminUrl: inDatabase(stack.admin_db_url, name),
    url: inDatabase(stack.db_url, name),
    drop: () =>
      connected(stack.admin_db_url, async (db) => {
        // Postgres waits five seconds for connections that are closing. One that is ended by force throws in its test.
        await db
          .query(`drop database if exists ${name}`)
          .catch(() => db.query(`drop database if exists ${name} with (force)`))
      }),
  }
}

const migrations = () => {
  const folder = new URL('supabase/migrations/', root)
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
}

/** The migrations as the CLI applies them, each in one transaction, without the CLI's second of starting up. */
export async function applyMigrations(url: string, files = migrations()): Promise<void> {
  await connected(inDatabase(url, 'postgres'), async (shared) => {
    // They set what roles begin with, and roles belong to the whole server.
    await shared.query('select pg_advisory_lock(20261120)')
    await connected(url, async (db) => {
      for (const sql of files) await db.query(sql)
    })
  })
}

function inDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}
