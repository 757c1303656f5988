// Set before lite is loaded, because lite reads it.
process.env.DO_NOT_TRACK = '1'
// Libraries print to stdout, but stdout is only for the machine line.
console.log = console.info = console.debug = console.error
// Whoever read what is said here may be gone before the stack is.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

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
  if (options.command === 'stop') {
    const { stop } = await import('./cli/stop.ts')
    return stop(options)
  }
  await runStack(options)
}

async function runStack(options: Options): Promise<void> {
  // Only now: loading every part takes a moment that a wrong flag should not cost.
  const { start } = await import('./start.ts')
  const { describe, describeStay } = await import('./cli/report.ts')
  const { watchStarters } = await import('./processes/starter.ts')
  const starting = start(options)
  // The code that waits for the start gets its error. Whoever stops it only needs to know that it is over.
  const started = starting.catch(() => null)
  const end = async () => {
    await (await started)?.stop()
    process.exit(0)
  }
  stopOnSignal(end, options.stay)
  if (!options.stay) {
    watchStarters(() => {
      say('Whoever started this stack is gone. Stopping ...')
      void end()
    })
  }
  const { line } = await starting
  if (options.json) process.stdout.write(`${JSON.stringify(line)}\n`)
  else say(`\nTenantry is ready.\n\n${describe(line)}\n\n${describeStay(options.stay)}`)
}

function stopOnSignal(end: () => Promise<void>, stays: boolean): void {
  let askedAt = 0
  const onSignal = async () => {
    // A terminal's Ctrl-C arrives twice, from the terminal and from npm; a person's second one later.
    if (askedAt > 0) {
      if (Date.now() - askedAt > 1000) process.exit(1)
      return
    }
    askedAt = Date.now()
    say('Stopping ...')
    await end()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void onSignal())
  // The terminal was closed.
  process.on('SIGHUP', () => stays || void onSignal())
}
