import { listCoaches } from '../database/seed.ts'
import { StackFailure } from '../failure.ts'
import { lockHolder } from '../processes/lock.ts'
import { readStackFile } from '../secrets.ts'
import type { Options } from './options.ts'
import { describe, type MachineLine, machineLine } from './report.ts'

/** The stack that runs on the data folder, or null if none does. */
export async function status({ dataDir }: Options): Promise<MachineLine | null> {
  const file = await readStackFile(dataDir)
  const holder = await lockHolder(dataDir)
  if (!file || !holder || !file.runtime || file.runtime.pid !== holder) return null
  return machineLine(file, dataDir, await listCoaches(file, file.runtime.db_port))
}

export async function printStatus(options: Options): Promise<void> {
  const line = await status(options)
  if (options.json) process.stdout.write(`${JSON.stringify({ running: line !== null, ...line })}\n`)
  else if (line) process.stdout.write(`The stack is running.\n\n${describe(line)}\n`)
  if (line) return
  if (options.json) process.exitCode = 1
  else throw new StackFailure(`No stack runs on ${options.dataDir}: "npm start" starts one.`)
}
