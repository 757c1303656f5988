import { listCoaches } from '../database/seed.ts'
import { StackFailure } from '../failure.ts'
import { lockHolder } from '../processes/lock.ts'
import { findStrays, listStrays } from '../processes/strays.ts'
import { readStackFile } from '../secrets.ts'
import type { Options } from './options.ts'
import { describe, describeStay, type MachineLine, machineLine } from './report.ts'

/** The stack that runs on the data folder, or null if none does. */
export async function status({ dataDir }: Options): Promise<(MachineLine & { stays: boolean }) | null> {
  const file = await readStackFile(dataDir)
  const holder = await lockHolder(dataDir)
  if (!file || !holder || !file.runtime || file.runtime.pid !== holder) return null
  const line = machineLine(file, dataDir, await listCoaches(file, file.runtime.db_port))
  return { ...line, stays: file.runtime.stays }
}

export async function printStatus(options: Options): Promise<void> {
  const line = await status(options)
  const holder = await lockHolder(options.dataDir)
  const strays = findStrays(options.dataDir, holder)
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ running: line !== null, strays, ...line })}\n`)
    if (!line) process.exitCode = 1
    return
  }
  const left =
    strays.length > 0
      ? `A killed stack left behind: ${listStrays(strays)}. "npm run stop" ends ${line ? 'these and the stack' : 'them'}.`
      : ''
  if (line) {
    process.stdout.write(`The stack is running.\n\n${describe(line)}\n\n${describeStay(line.stays)}\n`)
    if (left) process.stdout.write(`${left}\n`)
  } else if (holder) throw new StackFailure(`A stack (process ${holder}) is starting on ${options.dataDir}.`)
  else throw new StackFailure(left || `No stack runs on ${options.dataDir}: "npm start" starts one.`)
}
