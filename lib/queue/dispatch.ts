import { randomUUID } from 'node:crypto'
import { type DispatchLimits, defaultLimits, usedCpuMs } from './limits.ts'
import { beginDispatch, beginDrain, sendHeartbeat, wakeIdleDispatcher } from './places.ts'
import type { ItemResult, LeasedItem, Queue } from './queue.ts'
import type { DispatchReport } from './report.ts'
import { Reporter } from './reporter.ts'

/** How often an idle dispatcher looks for work. */
const pollMs = 25
const heartbeatMs = 500
/** If it has had no room for this long, it is overloaded, and another dispatcher may be woken. */
const crowdedMs = 200
const expandBatch = 500
/** How often in a row the database may fail before the run gives up and cron starts another. */
const maxTroubles = 5

/**
 * Sends what is due of a queue until nothing is left or its limits are reached. Then it wakes another run for the rest.
 * Any number of runs may be active at once, and each may be killed at any moment: a lease that is not completed ends, and
 * its item is claimed again.
 */
export function dispatch<Item extends LeasedItem, Result extends ItemResult>(
  queue: Queue<Item, Result>,
  limits: Partial<DispatchLimits> = {},
): Promise<DispatchReport> {
  return new Run(queue, { ...defaultLimits, ...limits }).execute()
}

class Run<Item extends LeasedItem, Result extends ItemResult> {
  private readonly queue: Queue<Item, Result>
  private readonly limits: DispatchLimits
  private readonly id = randomUUID()
  private readonly start = performance.now()
  private readonly cpuAtStart = usedCpuMs() ?? 0
  /** What is claimed and not yet sent. */
  private readonly waiting: Item[] = []
  /** When each exchange that takes a place of the quick ones began, the oldest first. */
  private readonly quick = new Map<Item, number>()
  /** Exchanges under way that are slow. They take none of these places. */
  private readonly slow = new Set<Item>()
  private claimed = 0
  private readonly reporter: Reporter<Result>
  private expandAt = 0
  private wake: () => void = () => {}
  private lookAt = 0
  private troubles = 0
  private roomAt = performance.now()
  /** Durations of the latest exchanges. If receivers are quick, it is worth claiming ahead for them. */
  private averageMs = 50
  private keptAt = 0
  private hadRoom = true
  private readonly report: DispatchReport = {
    isBusy: false,
    expanded: 0,
    succeeded: 0,
    failed: 0,
    stale: 0,
    unreported: 0,
    durationMs: 0,
    lanes: new Map(),
  }

  constructor(queue: Queue<Item, Result>, limits: DispatchLimits) {
    this.queue = queue
    this.limits = limits
    this.reporter = new Reporter(queue, {
      isLast: () => this.quick.size + this.waiting.length === 0,
      onReported: () => {
        // A lane that was at its limit has room again.
        this.lookAt = 0
        this.wake()
      },
    })
  }

  async execute(): Promise<DispatchReport> {
    const slot = await beginDispatch(this.queue.name, this.id)
    if (slot === null) return { ...this.report, isBusy: true }
    this.reporter.slot = slot
    this.keptAt = performance.now()
    let isKept = true
    try {
      isKept = await this.serve()
    } finally {
      if (isKept) await this.handOver()
      await this.drain()
      // Only now may others learn that nobody is awake. They take what has arrived in the meantime.
      if (isKept) await sendHeartbeat(this.queue.name, this.id, { hasRoom: false, isOver: true })
      await wakeIdleDispatcher(this.queue.name)
    }
    this.report.durationMs = Math.round(performance.now() - this.start)
    return this.report
  }

  /** False if its place was given to another dispatcher, because it had been silent for too long. */
  private async serve(): Promise<boolean> {
    let idleSince: number | null = null
    while (!this.isSpent()) {
      const now = performance.now()
      this.noteSlow(now)
      const room = this.room()
      if (room > 0) this.roomAt = now
      if (!(await this.keep(now - this.roomAt < crowdedMs))) return false
      let found = 0
      if (room > 0 && now >= this.lookAt) {
        found = await this.look(room)
        if (found === 0) this.lookAt = now + pollMs
      }
      if (found > 0) {
        idleSince = null
        continue
      }
      if (this.underWay() + this.waiting.length > 0 || !this.reporter.isDone) idleSince = null
      else if (idleSince === null) idleSince = now
      else if (now - idleSince >= this.limits.lingerMs) return true
      await this.pause(pollMs)
    }
    return true
  }

  /** Returns how many rows of the outbox were expanded and items claimed. The run survives a deadlock and a database restart. */
  private async look(room: number): Promise<number> {
    try {
      const expanded = await this.expand()
      const claimed = await this.claim(room)
      this.troubles = 0
      return expanded + claimed
    } catch (thrown) {
      this.troubles++
      if (this.troubles > maxTroubles) throw thrown
      await this.pause(pollMs * 2 ** this.troubles)
      return 0
    }
  }

  /** The end of an item makes items due, but fills no outbox. So an empty one is looked at again only after a while. */
  private async expand(): Promise<number> {
    const now = performance.now()
    if (now < this.expandAt) return 0
    const expanded = await this.queue.expand(expandBatch)
    this.report.expanded += expanded
    this.expandAt = expanded === 0 ? now + pollMs : 0
    return expanded
  }

  private isSpent(): boolean {
    if (performance.now() - this.start >= this.limits.milliseconds) return true
    const usedMs = usedCpuMs()
    return usedMs === null
      ? this.claimed >= this.limits.deliveries
      : usedMs - this.cpuAtStart >= this.limits.cpuMs
  }

  /** How many more to claim now. It is 0 until there is room for many, because a claim is expensive. */
  private room(): number {
    const { concurrency } = this.limits
    // An item that waits for its turn holds a lease, so claim ahead only for quick receivers.
    const ahead = this.averageMs < 25 ? 3 * concurrency : this.averageMs < 100 ? concurrency : 0
    const room = concurrency + ahead - this.quick.size - this.waiting.length
    return room < (concurrency + ahead) / 4 ? 0 : room
  }

  private async keep(hasRoom: boolean): Promise<boolean> {
    const now = performance.now()
    if (hasRoom === this.hadRoom && now - this.keptAt < heartbeatMs) return true
    this.keptAt = now
    this.hadRoom = hasRoom
    return sendHeartbeat(this.queue.name, this.id, { hasRoom })
  }

  private async claim(room: number): Promise<number> {
    const leased = await this.queue.claim(room, Math.max(0, this.limits.slowConcurrency - this.slow.size))
    if (leased.length === 0) return 0
    this.claimed += leased.length
    this.waiting.push(...leased)
    this.sendNext()
    return leased.length
  }

  private sendNext(): void {
    while (this.waiting.length > 0) {
      const item = this.waiting[0]!
      if (item.is_slow && this.slow.size < this.limits.slowConcurrency) this.slow.add(item)
      else if (this.quick.size < this.limits.concurrency) this.quick.set(item, performance.now())
      else return
      this.waiting.shift()
      this.queue.send(item).then((result) => {
        this.quick.delete(item)
        this.slow.delete(item)
        this.take(item, result)
        this.sendNext()
        // Turns of the loop are not free, so it is woken only when it has something to do.
        const isLast = this.underWay() + this.waiting.length === 0
        if (isLast || (this.room() > 0 && performance.now() >= this.lookAt)) this.wake()
      })
    }
  }

  private underWay(): number {
    return this.quick.size + this.slow.size
  }

  /** Exchanges that turn out to be slow give their places to others. */
  private noteSlow(now: number): void {
    for (const [item, startedAt] of this.quick) {
      if (now - startedAt < this.limits.slowAfterMs || this.slow.size >= this.limits.slowConcurrency) break
      this.quick.delete(item)
      this.slow.add(item)
    }
    this.sendNext()
  }

  private take(item: Item, result: Result): void {
    if (result.duration_ms < this.limits.slowAfterMs)
      this.averageMs += (result.duration_ms - this.averageMs) / 32
    const outcome = result.outcome === 'succeeded' ? 'succeeded' : 'failed'
    this.report[outcome]++
    const name = this.queue.laneName(item)
    const lane = this.report.lanes.get(name) ?? {
      succeeded: 0,
      failed: 0,
      durationMsSum: 0,
      durationMsMax: 0,
    }
    lane[outcome]++
    lane.durationMsSum += result.duration_ms
    lane.durationMsMax = Math.max(lane.durationMsMax, result.duration_ms)
    this.report.lanes.set(name, lane)
    this.reporter.add(result)
  }

  /** Lets another run take the next work, while this one waits for its last answers. */
  private async handOver(): Promise<void> {
    if (this.underWay() + this.waiting.length === 0) return
    try {
      this.reporter.slot = (await beginDrain(this.queue.name, this.id)) ?? this.reporter.slot
      await this.keep(false)
      await wakeIdleDispatcher(this.queue.name)
    } catch {
      // Cron wakes another one.
    }
  }

  private async drain(): Promise<void> {
    while (this.underWay() + this.waiting.length > 0) {
      this.noteSlow(performance.now())
      await this.keep(false).catch(() => false)
      await this.pause(100)
    }
    await this.reporter.finish()
    this.report.stale = this.reporter.stale
    this.report.unreported = this.reporter.unreported
  }

  /** Waits until something is finished, but not longer than this. */
  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
