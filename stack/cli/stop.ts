import { StackFailure } from '../failure.ts'
import { say } from '../log.ts'
import { lockHolder } from '../processes/lock.ts'
import { kill, waitForEnd } from '../processes/processes.ts'
import { endStrays, listStrays } from '../processes/strays.ts'
import type { Options } from './options.ts'

/** One that is starting stops when its start is over. */
const patienceMs = 60_000

/** Stops the stack that runs on the data folder, and whatever a killed one left behind there. Data stays. */
export async function stop({ dataDir }: Options): Promise<void> {
  const holder = await lockHolder(dataDir)
  if (holder) {
    kill(holder, 'SIGTERM')
    if (!(await waitForEnd(holder, patienceMs))) kill(holder, 'SIGKILL')
    if (!(await waitForEnd(holder, 5_000))) {
      throw new StackFailure(`The stack on ${dataDir} does not stop: end process ${holder}.`)
    }
    say(`The stack on ${dataDir} has stopped (process ${holder}).`)
  }
  const strays = await endStrays(dataDir)
  if (strays.length > 0) say(`Ended what a killed stack left behind on ${dataDir}: ${listStrays(strays)}.`)
  else if (!holder) say(`Nothing runs on ${dataDir}.`)
}
