import { say } from '../log.ts'

let faultListeners: (() => void)[] = []

/** Settles the next time that lite's database driver throws an error that nobody can catch. */
export function onDriverFault(): Promise<void> {
  return new Promise((resolve) => faultListeners.push(resolve))
}

/**
 * Loads what is made of @supabase/lite: large, so only when it is needed. lite replaces
 * process.emitWarning by a version that throws whenever a warning is an Error, as Node's own are;
 * left in place, a harmless warning would end a request or the whole stack.
 */
export async function loadAuthRest(): Promise<typeof import('./auth-rest.ts')> {
  const { emitWarning } = process
  try {
    return await import('./auth-rest.ts')
  } finally {
    process.emitWarning = emitWarning
  }
}

/**
 * When a connection breaks, lite's driver may still write to it from a timer (porsager/postgres#1154),
 * which would end the stack. The stack survives that one error and no other uncaught one.
 */
export function surviveDriverFaults(): void {
  process.on('uncaughtException', (error) => {
    if (!/node_modules\/postgres\/(src|cjs)\/connection/.test(error.stack ?? '')) {
      say(error.stack ?? error.message)
      process.exit(1)
    }
    const listeners = faultListeners
    faultListeners = []
    for (const listener of listeners) listener()
  })
}
