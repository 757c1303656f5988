import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, StackFailure } from '../failure.ts'
import { commandLine, isAlive } from './processes.ts'

const lockPath = (dataDir: string) => join(dataDir, 'lock')

/** The pid of the stack that runs on this folder, or null. */
export async function lockHolder(dataDir: string): Promise<number | null> {
  const text = await readFile(lockPath(dataDir), 'utf8').catch(() => '')
  const pid = Number(text.trim())
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return null
  // After a reboot the pid may belong to another process. Ours is a node that runs stack/main.ts.
  return isAlive(pid) && /stack\/main\.ts/.test(commandLine(pid)) ? pid : null
}

/** One stack per data folder. A lock left by a killed stack is taken over. */
export async function takeLock(dataDir: string): Promise<() => Promise<void>> {
  const path = lockPath(dataDir)
  const mine = `${path}.${process.pid}`
  await writeFile(mine, `${process.pid}\n`)
  try {
    for (let attempt = 0; ; attempt++) {
      try {
        await link(mine, path)
        break
      } catch (error) {
        if (codeOf(error) !== 'EEXIST' || attempt === 3) throw error
      }
      const holder = await lockHolder(dataDir)
      if (holder) {
        throw new StackFailure(
          `Another stack (process ${holder}) runs on ${dataDir}: stop it first ("npm run stop"), or give this one its own folder with --data DIR.`,
        )
      }
      // If two stacks start at once, only one of them can rename the stale lock.
      await rename(path, `${mine}.stale`).catch(() => {})
      await rm(`${mine}.stale`, { force: true })
    }
  } finally {
    await rm(mine, { force: true })
  }
  return () => rm(path, { force: true })
}
