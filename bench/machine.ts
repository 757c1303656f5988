import { execFile } from 'node:child_process'
import { cpus, loadavg, totalmem } from 'node:os'
import { promisify } from 'node:util'
import { findDeno } from '../stack/processes/binaries.ts'
import { generator } from './load/load.ts'

const run = promisify(execFile)

/** Where and of what the figures are. */
export interface Machine {
  date: string
  commit: string
  summary: string
}

export async function describeMachine(): Promise<Machine> {
  const processors = cpus()
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  const [deno] = (await firstLineOf(findDeno(), '--version')).split(' (')
  const load = (loadavg()[0] ?? 0).toFixed(1)
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: await commit(),
    summary: `${processors.length} x ${processors[0]?.model.trim()}, ${gigabytes} GB; ${deno}, node ${process.versions.node}; load ${load} before; requests by ${generator}.`,
  }
}

/** The commit that is measured. A changed work tree is said. */
async function commit(): Promise<string> {
  try {
    const head = await firstLineOf('git', 'rev-parse', '--short', 'HEAD')
    return (await firstLineOf('git', 'status', '--porcelain')) === '' ? head : `${head} with changes`
  } catch {
    return 'unknown'
  }
}

async function firstLineOf(command: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(command, args)
  return stdout.split('\n')[0]!
}
