// npm run migration -- <name> drafts the next migration from supabase/schemas.
process.env.DO_NOT_TRACK = '1'
console.log = console.info = console.debug = console.error

import { fileURLToPath } from 'node:url'
import { withScratchServer } from '../database/scratch-server.ts'
import { StackFailure } from '../failure.ts'
import { say } from '../log.ts'
import { draftMigration } from '../release/draft.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

try {
  const [name, ...rest] = process.argv.slice(2)
  if (name === undefined || rest.length > 0)
    throw new StackFailure('Give the migration one name: npm run migration -- add_badges.')
  const { paths, left } = await withScratchServer((server) => draftMigration(server, root, name))
  for (const path of paths) say(`${path} drafted.`)
  for (const sentence of left) say(sentence)
  say('Read and finish the draft, then run "npm run generate" and "npm run release -- --check".')
  process.exit(0)
} catch (error) {
  say(error instanceof StackFailure ? error.message : String((error as Error).stack ?? error))
  process.exit(1)
}
