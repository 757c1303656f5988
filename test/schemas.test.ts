import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { fingerprint } from '../stack/database/fingerprint.ts'
import { migrationsOf, readSchemas, type SchemaFile } from '../stack/database/schemas.ts'
import { productStatements } from '../stack/release/product-rows.ts'
import { readReleases } from '../stack/release/releases.ts'
import {
  applyMigrations,
  connected,
  makeDatabase,
  makeMigrated,
  type OwnDatabase,
} from './kit/own-database.ts'

// A busy machine makes these slow, not wrong.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const root = fileURLToPath(new URL('..', import.meta.url))
const schemas = readSchemas(root)

/** What a file names although a file of a later folder makes it. plpgsql binds late, so Postgres does not notice. */
function namedTooEarly(files: SchemaFile[]): string[] {
  const code = files.map(({ path, sql }) => ({
    folder: path.split('/')[0]!,
    path,
    sql: sql.replaceAll(/--[^\n]*/g, ''),
  }))
  const madeIn = new Map<string, string>()
  for (const { folder, sql } of code)
    for (const [, name] of sql.matchAll(
      /^create (?:or replace )?(?:unlogged )?(?:table|view|type|function) ((?:public|private)\.\w+)/gm,
    ))
      madeIn.set(name!, folder)
  return code.flatMap(({ folder, path, sql }) =>
    [...new Set([...sql.matchAll(/\b(?:public|private)\.\w+/g)].map(([name]) => name))]
      .filter((name) => (madeIn.get(name) ?? folder) > folder)
      .map((name) => `${path} names ${name} of ${madeIn.get(name)}`),
  )
}

/** Functions that nothing of the product calls: no other SQL, no TypeScript of a function or of the stack. */
function uncalled(files: SchemaFile[], typescript: string): string[] {
  const sql = files.map((file) => file.sql.replaceAll(/--[^\n]*/g, '')).join('\n')
  const named = sql.replaceAll(
    /^(?:comment on function|grant execute on function|create function (?:public|private)\.\w+)[^;$]*/gm,
    '',
  )
  return [...sql.matchAll(/^create function (?:public|private)\.(\w+)/gm)]
    .map(([, name]) => name!)
    .filter((name) => !new RegExp(`\\b${name}\\b`).test(`${named}\n${typescript}`))
}

const filesBelow = (folder: string) =>
  readdirSync(`${root}/${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(ts|sql)$/.test(path) && !/node_modules|types\.ts$|schema\.ts$/.test(path))
    .map((path) => readFileSync(`${root}/${folder}/${path}`, 'utf8'))
    .join('\n')

describe('the files of supabase/schemas', () => {
  it('hold a noun each, in at most 250 lines', () => {
    expect(schemas.length).toBeGreaterThan(60)
    for (const { path, sql } of schemas) {
      expect(path).toMatch(/^\d\d_[a-z]+(\/\d\d_[a-z_]+)?\/\d\d_[a-z_]+\.sql$/)
      expect(sql.split('\n').length, path).toBeLessThanOrEqual(251)
    }
  })

  it('stand in folders of a dozen names at most, each with a number of its own', () => {
    const namesIn = new Map<string, Set<string>>()
    for (const { path } of schemas)
      path.split('/').reduce((folder, name) => {
        namesIn.set(folder, (namesIn.get(folder) ?? new Set()).add(name))
        return `${folder}/${name}`
      }, 'supabase/schemas')
    for (const [folder, names] of namesIn) {
      // There may be more domains than a dozen.
      if (folder !== 'supabase/schemas') expect(names.size, folder).toBeLessThanOrEqual(12)
      expect(new Set([...names].map((name) => name.slice(0, 2))).size, folder).toBe(names.size)
    }
  })

  it('name nothing of a later folder, in function bodies either', () => {
    expect(namedTooEarly(schemas)).toEqual([])
  })

  it('a body that does is found', () => {
    const early = {
      path: '00_kernel/99_early.sql',
      sql: 'begin\n  delete from public.webhook_endpoints;\nend',
    }
    expect(namedTooEarly([...schemas, early])).toEqual([
      '00_kernel/99_early.sql names public.webhook_endpoints of 80_webhooks',
    ])
    const commented = { path: '00_kernel/99_early.sql', sql: '-- public.webhook_endpoints come later' }
    expect(namedTooEarly([...schemas, commented])).toEqual([])
  })

  it('hold no function that nothing calls', () => {
    const typescript = ['lib', 'functions', 'stack', 'seeds', 'web/console/api'].map(filesBelow).join('\n')
    expect(uncalled(schemas, typescript)).toEqual([])
    const dead = {
      path: '00_kernel/99_dead.sql',
      sql: `create function private.dead_end() returns int\n  language sql\nas $$ select 1 $$;\ncomment on function private.dead_end() is 'Called by nobody: private.dead_end().';`,
    }
    expect(uncalled([...schemas, dead], typescript)).toEqual(['dead_end'])
  })

  // Afterwards a person writes the migrations, and only what they make is compared, below.
  it.runIf(readReleases(root).length === 0)(
    'make the migrations, byte for byte, until the first release',
    () => {
      for (const [name, sql] of migrationsOf(schemas))
        expect(readFileSync(`${root}/supabase/migrations/${name}`, 'utf8') === sql, name).toBe(true)
    },
  )
})

describe('a database made by the migrations and one made by the schema files', () => {
  const databases: OwnDatabase[] = []
  const made = async (making: Promise<OwnDatabase>) => {
    databases.push(await making)
    return databases.at(-1)!
  }
  let migrated: OwnDatabase
  let declared: OwnDatabase
  let lines: string[]

  beforeAll(async () => {
    migrated = await made(makeMigrated(inject('stack')))
    declared = await made(makeDatabase(inject('stack')))
    await applyMigrations(
      declared.url,
      schemas.map(({ sql }) => sql),
    )
    lines = await fingerprint(migrated.adminUrl)
  })
  afterAll(async () => {
    for (const database of databases) await database.drop()
  })

  it('are the same', async () => {
    expect(lines.length).toBeGreaterThan(2000)
    expect(await fingerprint(declared.adminUrl)).toEqual(lines)
  })

  it('stay the same when product rows are stated again', async () => {
    const statements = productStatements(schemas)
    expect(statements.length).toBeGreaterThan(80)
    await connected(declared.url, async (db) => {
      for (const statement of statements) await db.query(statement)
    })
    expect(await fingerprint(declared.adminUrl)).toEqual(lines)
  })

  it.each([
    ['a column', 'alter table public.campaigns add column extra text'],
    ['a column’s type', 'alter table public.usage_event_keys alter column event_id type varchar(300)'],
    ['a default', `alter table public.campaigns alter column results_disclosure set default 'none'`],
    ['a constraint', 'alter table public.tenants drop constraint tenants_name_is_text'],
    ['an index', 'drop index public.tenants_status_idx'],
    ['a function’s body', 'alter function private.ulid(uuid) cost 7'],
    ['a trigger', 'alter table public.tenants disable trigger tenants_touch'],
    ['a policy', 'alter policy "members read their tenants" on public.tenants using (false)'],
    ['a grant', 'grant delete on public.campaigns to anon'],
    ['a column’s grant', 'grant update (slug) on public.tenants to authenticated'],
    ['a comment', `comment on column public.tenants.status_reason is 'Something else.'`],
    ['a type’s comment', `comment on type public.tenant_kind is 'Something else.'`],
    ['an enum', `alter type public.tenant_kind add value 'other'`],
    ['a cron job', `update cron.job set schedule = '1 1 1 1 1' where jobname = 'registry: continue purges'`],
    ['a plan', `update public.plans set price_minor = price_minor + 1 where plan = 'starter'`],
    ['a permission', `delete from private.role_permissions where role = 'reviewer'`],
    [
      'a registered table',
      `update private.registered_tables set quiet = '{name}' where relation = 'public.campaigns'::regclass`,
    ],
    ['an event type', `update public.webhook_event_types set description = 'x' where type = 'brand.updated'`],
  ])('differ when %s is changed on one side only', async (_what, sql) => {
    await connected(declared.adminUrl, async (db) => {
      await db.query('begin')
      await db.query(sql)
      expect(await fingerprint(db)).not.toEqual(lines)
      await db.query('rollback')
    })
    expect(await fingerprint(declared.adminUrl)).toEqual(lines)
  })
})
