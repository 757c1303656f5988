// npm run release -- <version> records what stands as released; npm run release -- --check only proves it.
process.env.DO_NOT_TRACK = '1'
console.log = console.info = console.debug = console.error

import { fileURLToPath } from 'node:url'
import { withScratchServer } from '../database/scratch-server.ts'
import { StackFailure } from '../failure.ts'
import { say } from '../log.ts'
import { unfinishedDrafts } from '../release/draft.ts'
import { recordRelease } from '../release/record.ts'
import { readMigrations, readReleases } from '../release/releases.ts'
import { proveUpgrade } from '../release/upgrade.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

async function check(): Promise<void> {
  const last = readReleases(root).at(-1)
  if (!last) return say('Nothing is released yet, so there is no upgrade to prove yet.')
  for (const sentence of unfinishedDrafts(readMigrations(root))) say(sentence)
  const { problems, rowCount, unshown } = await withScratchServer((server) => proveUpgrade(server, root))
  if (problems.length > 0) throw new StackFailure(problems.join('\n'))
  say(
    `A database of ${last.version} is like a new one after the upgrade, and its ${rowCount} rows are as they were.`,
  )
  if (unshown.length > 0)
    say(
      `This says nothing about rows of tables that the seeds of ${last.version} leave empty: ${unshown.join(', ')}.`,
    )
}

try {
  const [word, ...rest] = process.argv.slice(2)
  if (word === undefined || rest.length > 0)
    throw new StackFailure(
      'Say which version is released: npm run release -- 1.0.0. To prove the upgrade only: --check.',
    )
  if (word === '--check') await check()
  else {
    const count = await withScratchServer((server) => recordRelease(server, root, word))
    say(
      `${word} is recorded as released, with ${count === 1 ? '1 new migration' : `${count} new migrations`}.`,
    )
    say(`Now commit supabase/ and tag the commit: git tag v${word}.`)
  }
  process.exit(0)
} catch (error) {
  say(error instanceof StackFailure ? error.message : String((error as Error).stack ?? error))
  process.exit(1)
}
