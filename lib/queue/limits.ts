import process from 'node:process'

export interface DispatchLimits {
  /** Exchanges under way at the same time, without the slow ones. */
  concurrency: number
  /**
   * Slow exchanges under way at the same time, beside the others. They wait for their receivers and cost a connection
   * each, but no CPU. While there are fewer, slow receivers take nothing from the others.
   */
  slowConcurrency: number
  /** An exchange that lasts longer than this is a slow one, whatever its receiver did before. */
  slowAfterMs: number
  /** A hosted isolate gets two seconds of CPU for a request. After this much of it another run takes over. */
  cpuMs: number
  /** The limit for a runtime that does not tell how much CPU was used. */
  deliveries: number
  /** After this time another run takes over too. */
  milliseconds: number
  /** How long it waits for more work when all is done. */
  lingerMs: number
}

export const defaultLimits: DispatchLimits = {
  concurrency: 64,
  slowConcurrency: 192,
  slowAfterMs: 500,
  cpuMs: 1_200,
  deliveries: 1_000,
  milliseconds: 45_000,
  lingerMs: 2_000,
}

/** The CPU time of this process so far, other requests included; null if the runtime does not tell. */
export function usedCpuMs(): number | null {
  try {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000
  } catch {
    return null
  }
}
