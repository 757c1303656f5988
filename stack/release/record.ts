import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ScratchServer } from '../database/scratch-server.ts'
import { seedFiles } from '../database/seed.ts'
import { StackFailure } from '../failure.ts'
import { asFiles, compareWithSchemas, makeFrom } from './compare.ts'
import { unfinishedDrafts } from './draft.ts'
import {
  readMigrations,
  readReleases,
  releasedPath,
  releasedSeedsPath,
  requireUntouched,
  splitMigrations,
} from './releases.ts'
import { proveUpgrade } from './upgrade.ts'

/** Records what stands as released, if it holds. Returns how many migrations came with this version. */
export async function recordRelease(server: ScratchServer, root: string, version: string): Promise<number> {
  const releases = readReleases(root)
  const migrations = readMigrations(root)
  requireNext(version, releases.at(-1)?.version)
  requireUntouched(releases, migrations)
  const problems = [...unfinishedDrafts(migrations), ...(await compareWithSchemas(server, root))]
  if (releases.length > 0) problems.push(...(await proveUpgrade(server, root)).problems)
  if (problems.length > 0) throw new StackFailure([...problems, `${version} was not released.`].join('\n'))

  const seeds = seedFiles(root)
    .map((name) => `-- seeds/${name}\n${readFileSync(join(root, 'seeds', name), 'utf8')}`)
    .join('\n')
  await makeFrom(server, [...asFiles(migrations), { name: 'the seeds', sql: seeds }])

  const { pending } = splitMigrations(releases, migrations)
  const files = Object.fromEntries(pending.map(({ name, sha256 }) => [name, sha256]))
  // The seeds first: without them a recorded release could not be proven.
  await writeFile(
    join(root, releasedSeedsPath),
    `-- The seeds of ${version}, kept by "npm run release". Do not edit.\n\n${seeds}`,
  )
  const recorded = [...releases, { version, migrations: files }]
  await writeFile(join(root, releasedPath), `${JSON.stringify(recorded, null, 2)}\n`)
  return pending.length
}

function requireNext(version: string, last: string | undefined): void {
  if (!/^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/.test(version))
    throw new StackFailure(`A version has three numbers, such as 1.0.0. This one is "${version}".`)
  if (last === undefined || compareVersions(version, last) > 0) return
  throw new StackFailure(
    `${last} is released, so the next version must be greater than that, not ${version}.`,
  )
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)]
  const at = left.findIndex((part, i) => part !== right[i])
  return at < 0 ? 0 : left[at]! - right[at]!
}
