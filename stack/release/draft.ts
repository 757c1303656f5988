import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { commandLineUrl } from '../database/command-line-url.ts'
import { fingerprint } from '../database/fingerprint.ts'
import { readSchemas } from '../database/schemas.ts'
import type { ScratchServer } from '../database/scratch-server.ts'
import { messageOf, StackFailure } from '../failure.ts'
import { nodeModules } from '../processes/binaries.ts'
import {
  applyFiles,
  type Difference,
  describeDifference,
  differenceOf,
  makeFromMigrations,
  makeFromSchemas,
} from './compare.ts'
import { productStatements, removeJobs, statementsThatChange } from './product-rows.ts'
import { type Migration, readMigrations, readReleases, requireUntouched, sha256Of } from './releases.ts'

const run = promisify(execFile)

export interface Draft {
  /** The files written, below the project's root. */
  paths: string[]
  /** What the draft does not reach yet, a sentence each. */
  left: string[]
}

/** Writes the next migration as far as a machine can: from what the migrations make to what the schema files say. */
export async function draftMigration(server: ScratchServer, root: string, name: string): Promise<Draft> {
  const releases = readReleases(root)
  const migrations = readMigrations(root)
  if (!/^[a-z]+(_[a-z]+)*$/.test(name))
    throw new StackFailure('Name the migration in lowercase words: npm run migration -- add_badges.')
  if (releases.length === 0)
    throw new StackFailure('Nothing is released yet: "npm run generate" makes the migrations anew.')
  requireUntouched(releases, migrations)

  const schemas = await makeFromSchemas(server, root)
  const wanted = await fingerprint(schemas.adminUrl)
  const trial = await makeFromMigrations(server, migrations)
  const difference = differenceOf(await fingerprint(trial.adminUrl), wanted)
  if (difference.missing.length + difference.extra.length === 0)
    throw new StackFailure('The migrations make what supabase/schemas says: there is nothing to draft.')

  const source = await makeFromMigrations(server, migrations)
  const [jobs, wantedJobs] = [await removeJobs(source.adminUrl), await removeJobs(schemas.adminUrl)]
  const segments = await planSegments(source.url, schemas.url)
  const goneJobs = jobs
    .filter((job) => !wantedJobs.includes(job))
    .map((job) => `select cron.unschedule('${job.replaceAll("'", "''")}');`)
  const left = await failureOf(applyFiles(trial.url, segments.map(asDraftFile), 'what the migrations make'))
  const rows = await statementsThatChange(trial.adminUrl, trial.url, productStatements(readSchemas(root)))
  const files = toFiles(
    joinDraft(segments, [...goneJobs, ...rows], changesTenantColumns(difference)),
    name,
    migrations.at(-1)!.name,
  )
  for (const file of files) await writeFile(join(root, 'supabase/migrations', file.name), file.sql)
  if (left.length > 0) return { paths: pathsOf(files), left }

  try {
    const drafted = await makeFromMigrations(server, [...migrations, ...files])
    left.push(...describeDifference('The draft', differenceOf(await fingerprint(drafted.adminUrl), wanted)))
  } catch (error) {
    left.push(messageOf(error))
  }
  return { paths: pathsOf(files), left }
}

/** The plan from one database to the other, cut where one transaction must end before the next begins. */
async function planSegments(sourceUrl: string, desiredUrl: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-plan-'))
  const [plan, out] = [join(folder, 'plan.json'), join(folder, 'draft.sql')]
  const pgdelta = join(nodeModules, '.bin/pgdelta')
  const [source, desired] = [commandLineUrl(sourceUrl), commandLineUrl(desiredUrl)]
  const databases = ['--source', source.url, '--desired', desired.url]
  // One password: both databases stand on one server, and are opened as one role.
  const options = { env: { ...process.env, ...source.env } }
  try {
    const planning = ['plan', '--profile', 'supabase', '--renames', 'off', ...databases, '--out', plan]
    await run(pgdelta, planning, options)
    // What it drops is for the person who finishes the draft to see, and for the proof.
    const { stdout } = await run(pgdelta, ['render', '--plan', plan, '--out', out, '--allow-drops'])
    const { files } = JSON.parse(stdout.trim().split('\n').at(-1)!) as { files: { path: string }[] }
    return await Promise.all(files.map(({ path }) => readFile(path, 'utf8')))
  } catch (error) {
    // Its own word for a plan without actions, as when only rows of the product changed.
    if ((error as { code?: unknown }).code === 3) return []
    throw new StackFailure(`pgdelta could not plan the migration: ${messageOf(error)}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

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

const header = `-- Drafted by "npm run migration" from supabase/schemas. Read it, finish it, and remove these two lines.
-- A new table's columns stand in another order than in its file, and comments inside the table are missing.
`

function joinDraft(segments: string[], rows: string[], changesColumns: boolean): string[] {
  const parts = segments.length > 0 ? segments.map((segment) => segment.trim()) : ['']
  const last = parts.length - 1
  if (rows.length > 0) parts[last] += `\n\n-- Rows of the product.\n\n${rows.join('\n\n')}`
  if (changesColumns) {
    parts[0] = `${demosBefore}\n\n${parts[0]}`
    parts[last] += `\n\n${demosAfter}`
  }
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

const pathsOf = (files: Migration[]) => files.map((file) => `supabase/migrations/${file.name}`)
