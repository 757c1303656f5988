import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fingerprint } from '../database/fingerprint.ts'
import { readSchemas, type SchemaFile } from '../database/schemas.ts'
import type { ScratchServer } from '../database/scratch-server.ts'
import { messageOf, StackFailure } from '../failure.ts'
import {
  applyFiles,
  type Difference,
  describeDifference,
  differenceOf,
  makeFromMigrations,
  makeFromSchemas,
} from './compare.ts'
import { applyNewFiles, planSegments } from './plan.ts'
import { productStatements, removeJobs, statementsThatChange } from './product-rows.ts'
import { type Migration, readMigrations, readReleases, requireUntouched, sha256Of } from './releases.ts'

interface Draft {
  /** The files written, below the project's root. */
  paths: string[]
  /** What the draft does not reach yet, a sentence each. */
  left: string[]
}

/** Writes the next migration as far as a machine can: from what the migrations make to what the schema files say. */
export async function draftMigration(server: ScratchServer, root: string, name: string): Promise<Draft> {
  const migrations = readMigrations(root)
  requireDraftable(root, migrations, name)
  const schemas = readSchemas(root)
  const declared = await makeFromSchemas(server, root)
  const wanted = await fingerprint(declared.adminUrl)
  const source = await makeFromMigrations(server, migrations)
  const difference = differenceOf(await fingerprint(source.adminUrl), wanted)
  if (difference.missing.length + difference.extra.length === 0)
    throw new StackFailure('The migrations make what supabase/schemas says: there is nothing to draft.')

  const trial = await makeFromMigrations(server, migrations)
  const newFiles = await applyNewFiles(source.url, schemas)
  const [jobs, wantedJobs] = [await removeJobs(source.adminUrl), await removeJobs(declared.adminUrl)]
  const segments = await planSegments(source.url, declared.url)
  const steps = [...newFiles.map(({ sql }) => sql), ...segments]
  const left = await failureOf(applyFiles(trial.url, steps.map(asDraftFile), 'what the migrations make'))
  const goneJobs = jobs
    .filter((job) => !wantedJobs.includes(job))
    .map((job) => `select cron.unschedule('${job.replaceAll("'", "''")}');`)
  const changed = await statementsThatChange(trial.adminUrl, trial.url, productStatements(schemas))
  const parts = joinDraft(newFiles, segments, [...goneJobs, ...changed], changesTenantColumns(difference))
  const files = toFiles(parts, name, migrations.at(-1)!.name)
  for (const file of files) await writeFile(join(root, 'supabase/migrations', file.name), file.sql)
  const paths = files.map((file) => `supabase/migrations/${file.name}`)
  if (left.length > 0) return { paths, left }

  try {
    const drafted = await makeFromMigrations(server, [...migrations, ...files])
    left.push(...describeDifference('The draft', differenceOf(await fingerprint(drafted.adminUrl), wanted)))
  } catch (error) {
    left.push(messageOf(error))
  }
  return { paths, left }
}

function requireDraftable(root: string, migrations: Migration[], name: string): void {
  if (!/^[a-z]+(_[a-z]+)*$/.test(name))
    throw new StackFailure(
      `"${name}" is no name for a migration: use lowercase words, as in npm run migration -- add_badges.`,
    )
  const releases = readReleases(root)
  if (releases.length === 0)
    throw new StackFailure('Nothing is released yet: "npm run generate" makes the migrations anew.')
  requireUntouched(releases, migrations)
  const taken = migrations.find((migration) => migration.name.replace(/^\d+_/, '') === `${name}.sql`)
  if (taken)
    throw new StackFailure(`supabase/migrations/${taken.name} has this name already: choose another one.`)
  const [unfinished] = unfinishedDrafts(migrations)
  if (unfinished) throw new StackFailure(unfinished)
}

const draftMark = '-- Drafted by "npm run migration"'

const header = `${draftMark} from supabase/schemas. Read it, finish it, and remove these two lines.
-- A new table that stands in an older file has its columns in another order here, and no comments inside.
`

/** A sentence for each migration that still says that it is a draft. */
export const unfinishedDrafts = (migrations: Migration[]): string[] =>
  migrations
    .filter(({ sql }) => sql.startsWith(draftMark))
    .map(
      ({ name }) =>
        `supabase/migrations/${name} is a draft: finish it and remove its first two lines, or delete it.`,
    )

const failureOf = (work: Promise<void>): Promise<string[]> =>
  work.then(
    () => [],
    (error) => [messageOf(error)],
  )

const asDraftFile = (sql: string) => ({ name: 'migrations: the draft', sql })

/** Columns of a table that exists already came, went or changed. Of a new table no snapshot has rows. */
function changesTenantColumns({ missing, extra }: Difference): boolean {
  const tablesWith = (prefix: string, lines: string[]) =>
    new Set(
      lines.flatMap((line) => new RegExp(`^${prefix} ((?:public|private)\\.\\w+)`).exec(line)?.[1] ?? []),
    )
  const made = tablesWith('relation [rp]', missing)
  return [...tablesWith('column', missing), ...tablesWith('column', extra)].some((table) => !made.has(table))
}

function joinDraft(
  newFiles: SchemaFile[],
  segments: string[],
  rows: string[],
  changesColumns: boolean,
): string[] {
  const parts = segments.length > 0 ? segments.map((segment) => segment.trim()) : ['']
  const last = parts.length - 1
  const whole = newFiles.map(({ path, sql }) => `-- ${path.split('/')[1]}\n\n${sql.trim()}\n\n`).join('')
  parts[0] = `${changesColumns ? `${demosBefore}\n\n` : ''}${whole}${parts[0]}`.trim()
  if (rows.length > 0) parts[last] += `\n\n-- Rows of the product.\n\n${rows.join('\n\n')}`
  if (changesColumns) parts[last] += `\n\n${demosAfter}`
  return parts.map((part) => `${header}\n${part.trim()}\n`)
}

// A snapshot holds whole rows, so it no longer fits when a table has other columns.
const demosBefore = `-- The demo tenants' snapshots are taken anew at the end, of the demo tenants as they should look.
select private.reset_demo_tenants();
set constraints all immediate;`
const demosAfter = `-- changes private.demo_snapshots.rows: the tables have other columns.
-- changes private.demo_snapshots.taken_at: the snapshots are taken anew.
select private.snapshot_demo_tenant(id) from public.tenants as t
where exists (select from private.demo_snapshots as s where s.tenant_id = t.id) order by id;`

/** Named for this moment, but always after what is there. */
function toFiles(parts: string[], name: string, lastName: string): Migration[] {
  const now = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)
  const after = BigInt(lastName.slice(0, lastName.indexOf('_'))) + 1n
  const first = BigInt(now) > after ? BigInt(now) : after
  return parts.map((sql, i) => ({
    name: `${first + BigInt(i)}_${name}${i === 0 ? '' : `_${ordinals[i] ?? 'next'}`}.sql`,
    sql,
    sha256: sha256Of(sql),
  }))
}

const ordinals = ['first', 'second', 'third', 'fourth']
