import { log } from './log.ts'

interface HostedRuntime {
  EdgeRuntime?: { waitUntil?(work: Promise<unknown>): void }
}

/** Runs work that no answer waits for. A hosted isolate stays alive for it. A failure is logged. */
export function inBackground(what: string, work: () => Promise<unknown>): void {
  const done = work().catch((thrown) => {
    log('error', { background: what, error: thrown instanceof Error ? thrown.message : String(thrown) })
  })
  ;(globalThis as HostedRuntime).EdgeRuntime?.waitUntil?.(done)
}
