import type pg from 'pg'
import { expect } from 'vitest'
import { type Delivery, type EndpointState, nameOf, type Picture, takePicture, wrongIn } from '../picture.ts'
import { addEndpoint, type Endpoint, emptyQueue, type Lease, type Queue } from '../world.ts'
import { type Command, shapes } from './commands.ts'
import { deliverActions } from './deliver-actions.ts'
import { tenantActions } from './tenant-actions.ts'

type Called<Among, Name> = Among extends { do: infer Does } ? (Name extends Does ? Among : never) : never

/** Runs a command on the database, and answers which deliveries it may have brought to another status. */
export type Actions<Name extends Command['do']> = {
  [Did in Name]: (model: QueueModel, command: Called<Command, Did>) => Promise<Iterable<string> | undefined>
}

/**
 * What the queue should hold, kept beside it in the simplest way there is. Each command is run on the
 * database and its effect compared with what it should be; whatever it does not speak of must not change.
 */
export class QueueModel {
  readonly queue: Queue
  readonly tenants: string[]
  readonly workers: { connection: pg.PoolClient; leases: Lease[] }[]
  polled: { endpoint: Endpoint; lease: string; events: string[] } | null = null
  /** Every event that committed. */
  readonly events = new Set<string>()
  readonly byIdempotencyKey = new Map<string, string>()
  /** Which deliveries there should be, and how many attempts of each were reported. */
  readonly reported = new Map<string, number>()
  /** What was replayed may come before earlier ones of its key. */
  readonly replayed = new Set<string>()
  readonly archived = new Set<string>()
  died = 0
  /** The queue before the command that is run. */
  before!: Picture

  constructor(queue: Queue, tenants: string[], connections: pg.PoolClient[]) {
    this.queue = queue
    this.tenants = tenants
    this.workers = connections.map((connection) => ({ connection, leases: [] }))
  }

  async begin(): Promise<void> {
    await emptyQueue(this.queue)
    for (const [tenant, id] of this.tenants.entries()) {
      await tenantActions.restore(this, { do: 'restore', tenant })
      await Promise.all(shapes.map((shape) => addEndpoint(this.queue, id, shape)))
    }
    this.before = await this.look()
    this.noteOthers(this.before)
  }

  async run(command: Command): Promise<void> {
    const actions = { ...tenantActions, ...deliverActions } as Actions<Command['do']>
    const settled = new Set(await actions[command.do](this, command as never))
    const after = await this.look()
    this.forgetRemoved(after)
    this.noteOthers(after)
    expect([...after.events.keys()].sort(), 'events').toEqual([...this.events].sort())
    expect([...after.deliveries.keys()].sort(), 'deliveries').toEqual([...this.reported.keys()].sort())
    for (const [name, { logged, status }] of after.deliveries) {
      expect(logged, `attempts logged of ${name}`).toBe(this.reported.get(name))
      const was = this.before.deliveries.get(name)
      if (was && !settled.has(name)) expect(status, `${name}, which nobody settled`).toBe(was.status)
    }
    expect(wrongIn(after)).toEqual([])
    this.before = after
  }

  /** Everything becomes due and is received: nothing may be left. */
  async drain(): Promise<void> {
    for (const tenant of this.tenants.keys()) await this.run({ do: 'restore', tenant })
    for (const endpoint of [...this.before.endpoints.keys()].keys())
      await this.run({ do: 'enable', endpoint })
    const polling = [...this.before.endpoints.values()].flatMap(({ kind }, n) => (kind === 'poll' ? [n] : []))
    for (let round = 0; this.pending().length > 0 || this.before.outbox.length > 0; round++) {
      expect(round, `rounds, and still there is ${JSON.stringify(this.pending())}`).toBeLessThan(100)
      await this.run({ do: 'pass time', seconds: 100_000 })
      await this.run({ do: 'expand', batch: 500 })
      await this.run({ do: 'claim', worker: round, batch: 200 })
      await this.run({ do: 'report', worker: round, outcomes: Array(200).fill('succeed') })
      for (const endpoint of polling) {
        await this.run({ do: 'poll', endpoint, most: 100 })
        await this.run({ do: 'acknowledge', most: 100 })
      }
    }
  }

  tenantOf({ tenant }: { tenant: number }): string {
    return this.tenants[tenant % this.tenants.length]!
  }

  endpointOf({ endpoint }: { endpoint: number }): (EndpointState & Endpoint) | undefined {
    const endpoints = [...this.before.endpoints.values()]
    return endpoints[endpoint % endpoints.length]
  }

  workerOf({ worker }: { worker: number }): QueueModel['workers'][number] {
    return this.workers[worker % this.workers.length]!
  }

  expectDelivery(event: string, endpoint: string): void {
    const name = nameOf({ event, endpoint })
    this.reported.set(name, this.reported.get(name) ?? 0)
  }

  look(): Promise<Picture> {
    return takePicture(this.queue)
  }

  private pending(): Delivery[] {
    return [...this.before.deliveries.values()].filter(({ status }) => status === 'pending')
  }

  private forgetRemoved(after: Picture): void {
    for (const id of this.before.endpoints.keys())
      if (!after.endpoints.has(id))
        for (const name of this.reported.keys()) if (name.endsWith(id)) this.reported.delete(name)
  }

  /** Tenants' own changes are told of, and the queue's: of endpoints that take a turn, and once of each delivery that died. */
  private noteOthers(after: Picture): void {
    const told = [...after.events.values()].filter(({ type }) => !/^(order|webhook)\./.test(type))
    for (const { id } of told) this.events.add(id)
    const exhausted = told.filter(({ type, isTest }) => type === 'delivery.exhausted' && !isTest)
    expect(exhausted.length, 'deliveries told of as exhausted').toBe(this.died)
  }
}
