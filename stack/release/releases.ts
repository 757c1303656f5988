import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { StackFailure } from '../failure.ts'

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const Release = z.strictObject({
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  /** The migrations that came with this version: the SHA-256 of each file, by its name. */
  migrations: z.record(z.string().regex(/^\d+_\w+\.sql$/), Sha256),
})

export type Release = z.infer<typeof Release>

export interface Migration {
  /** Its file name, such as "20261121000000_kernel.sql". */
  name: string
  sql: string
  sha256: string
}

export const releasedPath = 'supabase/released.json'
/** The seeds of the last release: with them the proof fills a database of that release. */
export const releasedSeedsPath = 'supabase/released-seeds.sql'

/** The released versions, oldest first; none if there is no supabase/released.json yet. */
export function readReleases(root: string): Release[] {
  const path = join(root, releasedPath)
  if (!existsSync(path)) return []
  let reason: string
  try {
    const parsed = z.array(Release).safeParse(JSON.parse(readFileSync(path, 'utf8')))
    if (parsed.success) return parsed.data
    const issue = parsed.error.issues[0]
    reason = `${issue?.path.join('.')}: ${issue?.message}`
  } catch {
    reason = 'it is not JSON'
  }
  throw new StackFailure(`${releasedPath} cannot be used (${reason}): put it back from git.`)
}

/** The files of supabase/migrations, in the order in which they are applied. */
export function readMigrations(root: string): Migration[] {
  const folder = join(root, 'supabase/migrations')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => /^\d+_.*\.sql$/.test(name))
    .sort()
    .map((name) => {
      const bytes = readFileSync(join(folder, name))
      return { name, sql: bytes.toString('utf8'), sha256: sha256Of(bytes) }
    })
}

export const sha256Of = (content: string | Buffer) => createHash('sha256').update(content).digest('hex')

/** The migrations that a release holds, and those that came after the last one. */
export function splitMigrations(
  releases: Release[],
  migrations: Migration[],
): { released: Migration[]; pending: Migration[] } {
  const names = new Set(releases.flatMap((release) => Object.keys(release.migrations)))
  return {
    released: migrations.filter(({ name }) => names.has(name)),
    pending: migrations.filter(({ name }) => !names.has(name)),
  }
}

/** What was done to released migrations that may not be done, a sentence each. */
export function brokenReleases(releases: Release[], migrations: Migration[]): string[] {
  const held = new Map(migrations.map(({ name, sha256 }) => [name, sha256]))
  const released = releases.flatMap(({ version, migrations: files }) =>
    Object.entries(files).map(([name, sha256]) => ({ name, sha256, version })),
  )
  const problems = released
    .filter(({ name, sha256 }) => held.get(name) !== sha256)
    .map(({ name, version }) =>
      held.has(name)
        ? `supabase/migrations/${name} was released in ${version} and has been edited since. Put it back as it was. To change the schema, run "npm run migration -- <name>".`
        : `supabase/migrations/${name} was released in ${version} and is missing. Put it back as it was.`,
    )
  const last =
    released
      .map(({ name }) => name)
      .sort()
      .at(-1) ?? ''
  for (const { name } of splitMigrations(releases, migrations).pending)
    if (name < last)
      problems.push(
        `supabase/migrations/${name} is not released, but stands before ${last}, which is. Give it a later number: a released database has gone past this one.`,
      )
  return problems
}

/** Nothing may build on released migrations that are no longer what was released. */
export function requireUntouched(releases: Release[], migrations: Migration[]): void {
  const problems = brokenReleases(releases, migrations)
  if (problems.length > 0) throw new StackFailure(problems.join('\n'))
}
