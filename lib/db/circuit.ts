const firstPauseMs = 250
const longestPauseMs = 5_000

/**
 * Keeps requests away from a replica that has just failed. After a pause one request tries it again, and the others wait for
 * what became of that one. Each failure in a row doubles the pause.
 */
export class Circuit {
  #pauseMs = 0
  #openedAt = Number.NEGATIVE_INFINITY
  readonly #now: () => number

  constructor(now = () => performance.now()) {
    this.#now = now
  }

  /** Whether the replica may be asked now. */
  admits(): boolean {
    if (this.#now() - this.#openedAt < this.#pauseMs) return false
    // Whoever tries it again holds the others off meanwhile.
    if (this.#pauseMs > 0) this.#openedAt = this.#now()
    return true
  }

  /** True if the replica was left out until now. */
  succeed(): boolean {
    const wasOpen = this.#pauseMs > 0
    this.#pauseMs = 0
    return wasOpen
  }

  /** An attempt that began at this moment has failed. True if the replica was in use until now. */
  fail(beganAt: number): boolean {
    // Many requests were under way when it failed. They say the same thing once.
    if (beganAt < this.#openedAt) return false
    const wasClosed = this.#pauseMs === 0
    this.#pauseMs = Math.min(Math.max(this.#pauseMs * 2, firstPauseMs), longestPauseMs)
    this.#openedAt = this.#now()
    return wasClosed
  }
}
