import { randomUUID } from 'node:crypto'
import { deliver } from './deliver.ts'
import { type DispatchLimits, defaultLimits, usedCpuMs } from './limits.ts'
import {
  beginDispatch,
  beginDrain,
  claimDeliveries,
  type DeliveryResult,
  type EndpointSecrets,
  expandEvents,
  type LeasedDelivery,
  sendHeartbeat,
  wakeIdleDispatcher,
} from './queue.ts'
import type { DispatchReport } from './report.ts'
import { Reporter } from './reporter.ts'
import { secretsFor } from './secrets.ts'

/** How often an idle dispatcher looks for work. */
const pollMs = 25
const heartbeatMs = 500
/** If it has had no room for this long, it is overloaded, and another dispatcher may be woken. */
const crowdedMs = 200
const expandBatch = 500
/** How often in a row the database may fail before the run gives up and cron starts another. */
const maxTroubles = 5

/**
 * Delivers what is due until nothing is left or its limits are reached. Then it wakes another run for the rest. Any
 * number of runs may be active at once, and each may be killed at any moment: a lease that is not completed ends, and
 * its delivery is claimed again.
 */
export async function dispatch(limits: Partial<DispatchLimits> = {}): Promise<DispatchReport> {
  const run = new Run({ ...defaultLimits, ...limits })
  return run.execute()
}

class Run {
  private readonly limits: DispatchLimits
  private readonly id = randomUUID()
  private readonly start = performance.now()
  private readonly cpuAtStart = usedCpuMs() ?? 0
  /** Deliveries that are claimed and not yet sent, each with its endpoint's signing secrets. */
  private readonly waiting: { delivery: LeasedDelivery; secrets: EndpointSecrets | undefined }[] = []
  /** When each exchange that takes a place of the quick ones began, the oldest first. */
  private readonly quick = new Map<LeasedDelivery, number>()
  /** Exchanges under way that are slow. They take none of these places. */
  private readonly slow = new Set<LeasedDelivery>()
  private claimed = 0
  private readonly reporter = new Reporter(
    () => this.quick.size + this.waiting.length === 0,
    () => {
      // An endpoint that was at its limit has room again.
      this.lookAt = 0
      this.wake()
    },
  )
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
    endpoints: new Map(),
  }

  constructor(limits: DispatchLimits) {
    this.limits = limits
  }

  async execute(): Promise<DispatchReport> {
    const slot = await beginDispatch(this.id)
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
      if (isKept) await sendHeartbeat(this.id, { hasRoom: false, isOver: true })
      await wakeIdleDispatcher()
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

  /** Returns how many events were expanded and deliveries claimed. The run survives a deadlock and a database restart. */
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

  /** The end of a delivery makes deliveries due, but no events. So an empty outbox is looked at again only after a while. */
  private async expand(): Promise<number> {
    const now = performance.now()
    if (now < this.expandAt) return 0
    const expanded = await expandEvents(expandBatch)
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
    // A delivery that waits for its turn holds a lease, so claim ahead only for quick receivers.
    const ahead = this.averageMs < 25 ? 3 * concurrency : this.averageMs < 100 ? concurrency : 0
    const room = concurrency + ahead - this.quick.size - this.waiting.length
    return room < (concurrency + ahead) / 4 ? 0 : room
  }

  private async keep(hasRoom: boolean): Promise<boolean> {
    const now = performance.now()
    if (hasRoom === this.hadRoom && now - this.keptAt < heartbeatMs) return true
    this.keptAt = now
    this.hadRoom = hasRoom
    return sendHeartbeat(this.id, { hasRoom })
  }

  private async claim(room: number): Promise<number> {
    const leased = await claimDeliveries(room, Math.max(0, this.limits.slowConcurrency - this.slow.size))
    if (leased.length === 0) return 0
    const secrets = await secretsFor(leased)
    this.claimed += leased.length
    for (const delivery of leased) this.waiting.push({ delivery, secrets: secrets.get(delivery.endpoint_id) })
    this.sendNext()
    return leased.length
  }

  private sendNext(): void {
    while (this.waiting.length > 0) {
      const { delivery, secrets } = this.waiting[0]!
      if (delivery.is_slow && this.slow.size < this.limits.slowConcurrency) this.slow.add(delivery)
      else if (this.quick.size < this.limits.concurrency) this.quick.set(delivery, performance.now())
      else return
      this.waiting.shift()
      deliver(delivery, secrets).then((result) => {
        this.quick.delete(delivery)
        this.slow.delete(delivery)
        this.take(delivery, result)
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
    for (const [delivery, startedAt] of this.quick) {
      if (now - startedAt < this.limits.slowAfterMs || this.slow.size >= this.limits.slowConcurrency) break
      this.quick.delete(delivery)
      this.slow.add(delivery)
    }
    this.sendNext()
  }

  private take({ endpoint_ref }: LeasedDelivery, result: DeliveryResult): void {
    if (result.duration_ms < this.limits.slowAfterMs)
      this.averageMs += (result.duration_ms - this.averageMs) / 32
    this.report[result.outcome]++
    const endpoint = this.report.endpoints.get(endpoint_ref) ?? {
      succeeded: 0,
      failed: 0,
      durationMsSum: 0,
      durationMsMax: 0,
    }
    endpoint[result.outcome]++
    endpoint.durationMsSum += result.duration_ms
    endpoint.durationMsMax = Math.max(endpoint.durationMsMax, result.duration_ms)
    this.report.endpoints.set(endpoint_ref, endpoint)
    this.reporter.add(result)
  }

  /** Lets another run take the next work, while this one waits for its last answers. */
  private async handOver(): Promise<void> {
    if (this.underWay() + this.waiting.length === 0) return
    try {
      this.reporter.slot = (await beginDrain(this.id)) ?? this.reporter.slot
      await this.keep(false)
      await wakeIdleDispatcher()
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
