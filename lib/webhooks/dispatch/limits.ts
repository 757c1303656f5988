export interface DispatchLimits {
  /** Exchanges under way at the same time. */
  concurrency: number
  /** A hosted isolate gets two seconds of CPU a request: after so much of it another run takes over. */
  cpuMs: number
  /** So many, where nobody can tell how much CPU was used. */
  deliveries: number
  /** After so long as well. */
  milliseconds: number
  /** How long it waits for more once all is done. */
  lingerMs: number
}

export const defaultLimits: DispatchLimits = {
  concurrency: 64,
  cpuMs: 1_200,
  deliveries: 1_000,
  milliseconds: 45_000,
  lingerMs: 2_000,
}
