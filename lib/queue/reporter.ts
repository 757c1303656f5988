import type { ItemResult, LeasedItem, Queue } from './queue.ts'

/** Results are reported together, but none waits longer than this for the others. */
const usualBatch = 100
const gatherMs = 25
/** What gathered during a report goes into the next one, up to this. */
const maxBatch = 250
/** After this time a report no longer holds up the next one. */
const turnMs = 100
const maxTries = 6

/**
 * Reports results to the database, one report at a time: two would wait for each other, and a few large ones cost less
 * than many small ones. A report may wait for a lock that one tenant holds for long. So its turn ends after a tenth of
 * a second, and the results of other tenants do not wait with it.
 */
export class Reporter<Result extends ItemResult> {
  /** The place of the dispatcher, which counts its results. */
  slot = 0
  /** Attempts whose lease was lost before they were reported. */
  stale = 0
  /** Attempts that could not be reported. */
  unreported = 0
  private readonly queue: Pick<Queue<LeasedItem, Result>, 'complete'>
  private readonly isLast: () => boolean
  private readonly onReported: () => void
  private results: Result[] = []
  private readonly underWay = new Set<Promise<void>>()
  /** Of the report that holds up the next one. */
  private turn: ReturnType<typeof setTimeout> | undefined
  private gathering: ReturnType<typeof setTimeout> | undefined

  /** `isLast`: whether there is no result to wait for. */
  constructor(
    queue: Pick<Queue<LeasedItem, Result>, 'complete'>,
    { isLast, onReported }: { isLast: () => boolean; onReported: () => void },
  ) {
    this.queue = queue
    this.isLast = isLast
    this.onReported = onReported
  }

  get isDone(): boolean {
    return this.results.length + this.underWay.size === 0
  }

  add(result: Result): void {
    this.results.push(result)
    this.reportSoon()
  }

  /** Waits until everything is reported. No result may be added any more. */
  async finish(): Promise<void> {
    while (!this.isDone) {
      this.reportSoon()
      await Promise.race(this.underWay)
    }
  }

  private reportSoon(): void {
    if (this.turn || this.results.length === 0) return
    if (this.results.length >= usualBatch || this.isLast()) this.report()
    else this.gathering ??= setTimeout(() => this.report(), gatherMs)
  }

  private report(): void {
    clearTimeout(this.gathering)
    this.gathering = undefined
    let turn: ReturnType<typeof setTimeout> | undefined
    const endTurn = () => {
      if (this.turn !== turn) return
      clearTimeout(turn)
      this.turn = undefined
      this.reportSoon()
    }
    turn = this.turn = setTimeout(endTurn, turnMs)
    const reported = this.send(this.results.splice(0, maxBatch)).finally(() => {
      this.underWay.delete(reported)
      endTurn()
      this.onReported()
    })
    this.underWay.add(reported)
  }

  private async send(results: Result[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        this.stale += results.length - (await this.queue.complete(results, this.slot))
        return
      } catch {
        // The leases end by themselves. What cannot be reported is sent once more, with the same id.
        if (attempt === maxTries) {
          this.unreported += results.length
          return
        }
        await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt))
      }
    }
  }
}
