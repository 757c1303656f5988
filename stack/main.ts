// Set before lite is loaded, because lite reads it.
process.env.DO_NOT_TRACK = '1'
// Libraries print to stdout, but stdout is only for the machine line.
console.log = console.info = console.debug = console.error

import { type Options, readOptions } from './cli/options.ts'
import { codeOf, messageOf, StackFailure } from './failure.ts'
import { say } from './log.ts'

try {
  await run(readOptions(process.argv.slice(2)))
} catch (error) {
  if (error instanceof StackFailure) say(error.message)
  else if (codeOf(error) === 'ENOSPC')
    say(`The disk is full: free some space and start again (${messageOf(error)}).`)
  else say(error instanceof Error ? (error.stack ?? error.message) : String(error))
  process.exit(1)
}

async function run(options: Options): Promise<void> {
  if (options.command === 'status') {
    const { printStatus } = await import('./cli/status.ts')
    return printStatus(options)
  }
  if (options.command === 'reset') {
    const { reset } = await import('./cli/reset.ts')
    return reset(options)
  }
  await runStack(options)
}

async function runStack(options: Options): Promise<void> {
  // Only now: loading every part takes a moment that a wrong flag should not cost.
  const { start } = await import('./start.ts')
  const { describe } = await import('./cli/report.ts')
  const starting = start(options)
  // The code that waits for the start gets its error. The signal handler only needs to know that it is over.
  const started = starting.catch(() => null)
  stopOnSignal(async () => (await started)?.stop())
  const { line } = await starting
  if (options.json) process.stdout.write(`${JSON.stringify(line)}\n`)
  else say(`\nTenantry is ready.\n\n${describe(line)}\n\nCtrl-C stops it; data stays.`)
}

function stopOnSignal(stop: () => Promise<void>): void {
  let askedAt = 0
  const onSignal = async () => {
    // A terminal's Ctrl-C arrives twice, from the terminal and from tsx; a person's second one later.
    if (askedAt > 0) {
      if (Date.now() - askedAt > 1000) process.exit(1)
      return
    }
    askedAt = Date.now()
    say('Stopping ...')
    await stop()
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void onSignal())
}
