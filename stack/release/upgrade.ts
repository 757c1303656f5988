import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connected } from '../database/connected.ts'
import { fingerprint } from '../database/fingerprint.ts'
import type { ScratchServer } from '../database/scratch-server.ts'
import { messageOf, StackFailure } from '../failure.ts'
import {
  applyFiles,
  asFiles,
  describeDifference,
  differenceOf,
  makeFrom,
  makeFromSchemas,
} from './compare.ts'
import {
  brokenReleases,
  type Migration,
  readMigrations,
  readReleases,
  releasedSeedsPath,
  splitMigrations,
} from './releases.ts'
import { countRows, emptyTables, type Loss, lossesBetween, readTenantRows } from './tenant-rows.ts'

interface Proof {
  /** A sentence each; none if the upgrade is good. */
  problems: string[]
  /** How many of people's rows were compared. */
  rowCount: number
  /** Tables of which the released data has no row. */
  unshown: string[]
}

/**
 * Upgrades a database of the last release, with the seeds of that release in it, and compares it with a new one:
 * they must be the same, and every row that was there must still be there, unchanged.
 */
export async function proveUpgrade(server: ScratchServer, root: string): Promise<Proof> {
  const releases = readReleases(root)
  const migrations = readMigrations(root)
  const last = releases.at(-1)
  if (!last) throw new StackFailure('Nothing is released yet, so there is nothing to upgrade.')
  const broken = brokenReleases(releases, migrations)
  if (broken.length > 0) return { problems: broken, rowCount: 0, unshown: [] }

  const { released, pending } = splitMigrations(releases, migrations)
  const upgraded = await makeFrom(server, [...asFiles(released), readReleasedSeeds(root)])
  const before = await readTenantRows(upgraded.adminUrl)
  const proof = { problems: [] as string[], rowCount: countRows(before), unshown: emptyTables(before) }
  try {
    await applyFiles(upgraded.url, asFiles(pending), `a database of ${last.version} with data in it`)
  } catch (error) {
    if (!(error instanceof StackFailure)) throw error
    return { ...proof, problems: [error.message] }
  }
  const fresh = await makeFromSchemas(server, root)
  const difference = differenceOf(await fingerprint(upgraded.adminUrl), await fingerprint(fresh.adminUrl))
  const losses = lossesBetween(before, await readTenantRows(upgraded.adminUrl, before))
  proof.problems.push(
    ...describeDifference('The upgraded database', difference),
    ...undeclared(losses, pending),
    ...(await demoProblems(upgraded.adminUrl)),
  )
  return proof
}

function readReleasedSeeds(root: string): { name: string; sql: string } {
  const path = join(root, releasedSeedsPath)
  if (!existsSync(path)) throw new StackFailure(`${releasedSeedsPath} is missing: put it back from git.`)
  return { name: 'released-seeds.sql', sql: readFileSync(path, 'utf8') }
}

/** A migration that means to remove or change rows says so: `-- changes public.notes.body: why`. */
function undeclared(losses: Loss[], pending: Migration[]): string[] {
  const declared = new Set(
    pending.flatMap(({ sql }) => [...sql.matchAll(/^-- changes (\S+): \S/gm)].map(([, what]) => what)),
  )
  return losses
    .filter(({ what }) => !declared.has(what))
    .map(
      ({ what, sentence }) =>
        `${sentence} If this is meant, a migration says so in a line "-- changes ${what}: <why>".`,
    )
}

/** The nightly reset puts rows back as the snapshot has them, so a snapshot must fit the tables as they now are. */
async function demoProblems(adminUrl: string): Promise<string[]> {
  return connected(adminUrl, async (db) => {
    const { rows } = await db.query<{ id: string; slug: string }>(
      `select t.id, t.slug from public.tenants as t
       where exists (select from private.demo_snapshots as s where s.tenant_id = t.id) order by t.slug`,
    )
    const problems: string[] = []
    const advice = 'Have the migration take it anew with private.snapshot_demo_tenant().'
    for (const { id, slug } of rows) {
      await db.query('begin')
      try {
        const { rows: resets } = await db.query('select private.reset_demo_tenant($1) as changed', [id])
        if (resets[0].changed > 0)
          problems.push(
            `The snapshot of the demo tenant ${slug} is no longer how the tenant looks: the reset would change ${resets[0].changed} rows. ${advice}`,
          )
      } catch (error) {
        problems.push(`The demo tenant ${slug} can no longer be reset: ${messageOf(error)}. ${advice}`)
      }
      await db.query('rollback')
    }
    return problems
  })
}
