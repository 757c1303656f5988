// npm run generate writes the files that follow from others; with --check it only compares.
process.env.DO_NOT_TRACK = '1'
console.log = console.info = console.debug = console.error

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { citusStatements, citusTables } from '../citus/tables.ts'
import { migrationsOf, readSchemas } from '../database/schemas.ts'
import { withScratchServer } from '../database/scratch-server.ts'
import { StackFailure } from '../failure.ts'
import { say } from '../log.ts'
import { compareWithSchemas, makeFromSchemas } from '../release/compare.ts'
import { readMigrations, readReleases, requireUntouched } from '../release/releases.ts'
import { bundleFiles } from './bundles.ts'
import { openApiFiles } from './openapi.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const isCheck = process.argv.includes('--check')
let stale = 0

/** Compares a file with what it should be and writes it, or says with --check that it is out of date. */
async function settle(name: string, content: string | undefined): Promise<void> {
  const current = await readFile(join(root, name), 'utf8').catch(() => undefined)
  if (current === content) return
  stale++
  if (isCheck) say(`${name} is out of date: run "npm run generate" and commit it.`)
  else if (content === undefined) {
    await rm(join(root, name))
    say(`${name} removed.`)
  } else {
    await writeFile(join(root, name), content)
    say(`${name} written.`)
  }
}

/** Once something is released, the migrations are written by people, and only compared with the schema files. */
async function settleMigrations(): Promise<void> {
  const releases = readReleases(root)
  if (releases.length > 0) {
    requireUntouched(releases, readMigrations(root))
    const differences = await withScratchServer((server) => compareWithSchemas(server, root))
    for (const sentence of differences.slice(0, 20)) say(sentence)
    if (differences.length > 20) say(`And ${differences.length - 20} more.`)
    if (differences.length > 0)
      throw new StackFailure(
        'Released migrations are not made anew. Run "npm run migration -- <name>" to draft the next one, or finish the draft that is there.',
      )
    return
  }
  const migrations = migrationsOf(readSchemas(root))
  await mkdir(join(root, 'supabase/migrations'), { recursive: true })
  for (const name of new Set([...migrations.keys(), ...(await readdir(join(root, 'supabase/migrations')))]))
    await settle(`supabase/migrations/${name}`, migrations.get(name))
}

/** From a database, because the register of tables is made by statements. */
async function settleCitus(): Promise<void> {
  const tables = await withScratchServer(async (server) =>
    citusTables((await makeFromSchemas(server, root)).url),
  )
  await settle('docs/citus.sql', citusStatements(tables))
}

try {
  await settleMigrations()
  await settleCitus()
} catch (error) {
  if (!(error instanceof StackFailure)) throw error
  say(error.message)
  process.exit(1)
}

for (const [name, content] of Object.entries({ ...(await openApiFiles()), ...(await bundleFiles()) }))
  await settle(name, content)

if (stale === 0) say('The generated files are up to date.')
process.exit(isCheck && stale > 0 ? 1 : 0)
