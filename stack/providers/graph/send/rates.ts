/** Rates as buckets: each send takes one out, and time fills it up again. */
export class Rates {
  readonly #buckets = new Map<string, { left: number; at: number }>()

  /** Whether there is one left, which is then taken. */
  take(name: string, size: number, perSecond: number, now = Date.now()): boolean {
    const before = this.#buckets.get(name) ?? { left: size, at: now }
    const left = Math.min(size, before.left + ((now - before.at) / 1000) * perSecond)
    this.#buckets.set(name, { left: left >= 1 ? left - 1 : left, at: now })
    return left >= 1
  }
}
