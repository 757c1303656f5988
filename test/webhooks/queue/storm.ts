import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import {
  addEndpoint,
  claim,
  complete,
  type Endpoint,
  emit,
  expand,
  failed,
  type Lease,
  type Outcome,
  type Queue,
  removeEndpoint,
  replay,
  setEnabled,
  succeeded,
} from './world.ts'

const chance = (share: number) => Math.random() < share
const oneOf = <Of>(many: readonly Of[]): Of => many[Math.floor(Math.random() * many.length)]!

/** Many connections that all do to one queue, at once, what can be done to it; and what they saw. */
export class Storm {
  /** Commits by event, so that what came of each can be asked afterwards. */
  readonly emitted: { id: string; tenant: string; key: string | null }[] = []
  readonly rolledBack: string[] = []
  /** Never disabled and never removed: these must get everything. */
  readonly steady: Endpoint[] = []
  /** Rows of somebody's lease that were handed to somebody else, and keys two of which were out at once. */
  readonly twice: string[] = []
  /** First successes in their order, by endpoint and key. */
  readonly order = new Map<string, string[]>()
  readonly reported = new Map<string, number>()
  readonly replayed = new Set<string>()
  readonly errors = new Map<string, number>()
  private readonly queue: Queue
  private readonly tenants: string[]
  private readonly touched: Endpoint[] = []
  private readonly held = new Set<string>()
  private producers = 0

  constructor(queue: Queue, tenants: string[]) {
    this.queue = queue
    this.tenants = tenants
  }

  async blow(events: number): Promise<void> {
    for (const tenant of this.tenants) {
      this.steady.push(await addEndpoint(this.queue, tenant), await addEndpoint(this.queue, tenant))
      for (let n = 0; n < 3; n++) this.touched.push(await addEndpoint(this.queue, tenant))
      await addEndpoint(this.queue, tenant, { types: ['delivery.exhausted', 'endpoint.disabled'] })
    }
    const producers = [1, 2, 3].map(() => this.emitting(Math.ceil(events / 3)))
    await Promise.all([
      ...producers,
      ...[1, 2, 3].map(() => this.whileBusy(() => this.expanding())),
      ...[1, 2, 3, 4].map(() => this.whileBusy(() => this.delivering())),
      this.whileBusy(() => this.meddling()),
      this.whileBusy(() => this.replaying()),
    ])
  }

  private async emitting(count: number): Promise<void> {
    this.producers++
    for (let n = 0; n < count; n++) {
      const tenant = oneOf(this.tenants)
      const key = chance(0.4) ? oneOf(['a', 'b', 'c']) : null
      const db = await this.queue.db.connect()
      try {
        await db.query('begin')
        // One key a transaction: two that take two keys in different order wait for each other, as always with locks.
        const ids = [
          await emit(db, tenant, { key }),
          ...(chance(0.2) ? [await emit(db, tenant, { key })] : []),
        ]
        const isKept = !chance(0.05)
        await db.query(isKept ? 'commit' : 'rollback')
        if (isKept) this.emitted.push(...ids.map((id) => ({ id: id!, tenant, key })))
        else this.rolledBack.push(...ids.map((id) => id!))
      } finally {
        db.release()
      }
    }
    this.producers--
  }

  private async whileBusy(act: () => Promise<boolean | undefined>): Promise<void> {
    // Three times nothing after the last event: then what is left waits for time to pass.
    for (let idle = 0; idle < 3 || this.producers > 0; ) {
      const found = await this.watched(act)
      idle = found || this.producers > 0 ? 0 : idle + 1
      if (!found) await sleep(1)
    }
  }

  private async watched(act: () => Promise<boolean | undefined>): Promise<boolean | undefined> {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error
      // Refusals are the meddler's and the replayer's own: the endpoint is disabled, or gone.
      if (!error.code?.startsWith('PT')) {
        const what = `${error.code} ${error.message} ${error.where?.split('\n')[0] ?? ''}`
        this.errors.set(what, (this.errors.get(what) ?? 0) + 1)
      }
      return true
    }
  }

  private async expanding(): Promise<boolean> {
    return (await expand(this.queue.db, oneOf([1, 5, 50]))) > 0
  }

  private async delivering(): Promise<boolean> {
    // Some leases end at once: others take the same row, and both report it.
    const seconds = chance(0.1) ? 0 : 60
    const leases = await claim(this.queue.db, oneOf([1, 10, 50]), seconds)
    const marks = (lease: Lease) => [
      `${lease.event_id} to ${lease.endpoint_id}`,
      ...(lease.ordering_key ? [`${lease.endpoint_id} ${lease.ordering_key}`] : []),
    ]
    for (const mark of seconds ? leases.flatMap(marks) : []) {
      if (this.held.has(mark)) this.twice.push(mark)
      this.held.add(mark)
    }
    if (leases.length === 0) return false
    if (chance(0.2)) await sleep(2)
    const reports = leases.map((lease): [Lease, Outcome] => [lease, chance(0.1) ? failed : succeeded])
    reports.sort(() => Math.random() - 0.5)
    for (const mark of seconds ? leases.flatMap(marks) : []) this.held.delete(mark)
    for (const [lease, { outcome }] of reports)
      if (outcome === 'succeeded' && lease.ordering_key && seconds) this.noteOrder(lease)
    await complete(this.queue.db, reports)
    for (const [lease] of reports) {
      const name = marks(lease)[0]!
      this.reported.set(name, (this.reported.get(name) ?? 0) + 1)
    }
    return true
  }

  private noteOrder({ endpoint_id, ordering_key, event_id }: Lease): void {
    const key = `${endpoint_id} ${ordering_key}`
    this.order.set(key, [...(this.order.get(key) ?? []), event_id])
  }

  private async meddling(): Promise<undefined> {
    const endpoint = oneOf(this.touched)
    if (chance(0.1)) {
      const index = this.touched.indexOf(endpoint)
      this.touched[index] = await addEndpoint(this.queue, endpoint.tenant)
      await removeEndpoint(this.queue, endpoint)
    } else {
      await setEnabled(this.queue, endpoint, false)
      await sleep(3)
      await setEnabled(this.queue, endpoint, true)
    }
    await sleep(5)
    return
  }

  private async replaying(): Promise<undefined> {
    const endpoint = oneOf([...this.steady, ...this.touched])
    const recent = this.emitted.slice(-200).filter(({ tenant, key }) => tenant === endpoint.tenant && !key)
    if (chance(0.3)) await replay(this.queue.db, endpoint, oneOf(['failed', 'missing', 'all']))
    else if (recent.length > 0) {
      const events = [oneOf(recent), oneOf(recent), oneOf(recent)].map(({ id }) => id)
      await replay(this.queue.db, endpoint, events)
    }
    await sleep(5)
    return
  }
}
