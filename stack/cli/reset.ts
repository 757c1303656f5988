import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { StackFailure } from '../failure.ts'
import { say } from '../log.ts'
import { lockHolder } from '../processes/lock.ts'
import { endStrays } from '../processes/strays.ts'
import type { Options } from './options.ts'

/** Empties the data folder, so that the next start creates everything again. */
export async function reset({ dataDir }: Options): Promise<void> {
  if (!existsSync(dataDir)) return say(`${dataDir} does not exist: there is nothing to reset.`)
  const holder = await lockHolder(dataDir)
  if (holder)
    throw new StackFailure(
      `A stack (process ${holder}) runs on ${dataDir}: stop it first ("npm run stop"), then reset.`,
    )
  const names = await readdir(dataDir)
  // A wrong --data must not delete other files.
  if (names.length > 0 && !names.some((name) => name === 'stack.json' || name === 'postgres')) {
    throw new StackFailure(`${dataDir} holds no stack, so nothing in it was removed: check --data.`)
  }
  await endStrays(dataDir)
  for (const name of names) await rm(join(dataDir, name), { recursive: true, force: true })
  say(`${dataDir} is empty now; "npm start" makes a fresh database with new keys and passwords.`)
}
