// npm run generate writes the files that follow from others; with --check it only compares.
process.env.DO_NOT_TRACK = '1'
console.log = console.info = console.debug = console.error

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { migrationsOf, readSchemas } from '../database/schemas.ts'
import { say } from '../log.ts'
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

const migrations = migrationsOf(readSchemas(root))
await mkdir(join(root, 'supabase/migrations'), { recursive: true })
for (const name of new Set([...migrations.keys(), ...(await readdir(join(root, 'supabase/migrations')))]))
  await settle(`supabase/migrations/${name}`, migrations.get(name))

for (const [name, content] of Object.entries(await openApiFiles())) await settle(name, content)

if (stale === 0) say('The generated files are up to date.')
process.exit(isCheck && stale > 0 ? 1 : 0)
