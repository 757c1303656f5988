import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { StackFailure } from '../failure.ts'
import { kill, listProcesses, waitForEnd } from './processes.ts'

/** A process that works on a data folder, and whose stack is gone. */
export interface Stray {
  what: string
  pid: number
}

/**
 * What a stack left behind on its data folder when it was killed together with its guard. The children of
 * `runningPid`, the stack that runs there now, are none.
 */
export function findStrays(dataDir: string, runningPid: number | null): Stray[] {
  const folder = realPath(dataDir)
  return listProcesses()
    .filter(({ parent }) => parent !== runningPid)
    .flatMap(({ pid, command }) => {
      const what = partOf(folder, command)
      return what ? [{ what, pid }] : []
    })
}

/** Ends them, and returns those that there were. Postgres gets the time to shut down. */
export async function endStrays(dataDir: string): Promise<Stray[]> {
  const strays = findStrays(dataDir, null)
  for (const { what, pid } of strays) kill(pid, what === 'Postgres' ? 'SIGINT' : 'SIGKILL')
  for (const { what, pid } of strays) {
    if (await waitForEnd(pid, 10_000)) continue
    kill(pid, 'SIGQUIT')
    if (await waitForEnd(pid, 5_000)) continue
    throw new StackFailure(`${what}, left behind on ${dataDir}, does not stop: end process ${pid}.`)
  }
  return strays
}

/** For a sentence: "Postgres (process 12), the function usage (process 13)". */
export function listStrays(strays: Stray[]): string {
  return strays.map(({ what, pid }) => `${what} (process ${pid})`).join(', ')
}

function partOf(folder: string, command: string): string | null {
  const has = (argument: string) => `${command} `.includes(` ${argument} `)
  if (has(`-D ${join(folder, 'postgres')}`)) return 'Postgres'
  if (has(join(folder, 'pooler', 'pgbouncer.ini'))) return 'the pooler'
  const name = /\/functions\/([^/ ]+)\/index\.ts /.exec(command)?.[1]
  return name && has(dataDirArgument(folder)) ? `the function ${name}` : null
}

/** By this argument a function's process is known to belong to a data folder. The function does not read it. */
export function dataDirArgument(dataDir: string): string {
  return `--data=${dataDir}`
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
