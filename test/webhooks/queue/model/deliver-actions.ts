import { expect } from 'vitest'
import { type Delivery, isLive, nameOf, type Picture } from '../picture.ts'
import { claim, complete, expand, type Lease } from '../world.ts'
import { outcomeOf } from './commands.ts'
import type { Actions, QueueModel } from './model.ts'
import { wants } from './tenant-actions.ts'

type Name = 'expand' | 'claim' | 'report' | 'forget' | 'poll' | 'acknowledge'

/** What workers and pollers do. */
export const deliverActions: Actions<Name> = {
  async expand(model, { batch }) {
    const { before, queue } = model
    const count = await expand(queue.db, batch)
    const after = await model.look()
    const waiting = before.outbox.map((id) => before.events.get(id)!)
    const taken = waiting.filter(({ id }) => !after.outbox.includes(id))
    expect(count, 'expanded').toBe(taken.length)
    const tenants = new Set(waiting.map(({ tenant }) => tenant))
    const share = Math.floor(batch / Math.min(batch, 50, tenants.size))
    for (const tenant of tenants) {
      const of = (events: typeof waiting) => events.filter((event) => event.tenant === tenant)
      const first = of(waiting).slice(0, of(taken).length)
      expect(of(taken), 'the oldest of a tenant').toEqual(first)
      expect(of(taken).length, 'of a tenant').toBeLessThanOrEqual(share)
      // With fewer tenants than have a turn, each has its whole share.
      if (tenants.size <= Math.min(batch, 50))
        expect(of(taken).length, 'of a tenant').toBe(Math.min(share, of(waiting).length))
    }
    expect(taken.length > 0, 'some of what waits').toBe(waiting.length > 0)
    for (const event of taken)
      for (const endpoint of before.endpoints.values())
        if (endpoint.tenant === event.tenant && endpoint.isEnabled && wants(endpoint, event))
          model.expectDelivery(event.id, endpoint.id)
    return
  },

  async claim(model, command) {
    const worker = model.workerOf(command)
    const leases = await claim(worker.connection, command.batch)
    worker.leases.push(...leases)
    expect(new Set(leases.map(named)).size, 'different ones').toBe(leases.length)
    for (const lease of leases) expectClaimable(model, lease)
    for (const { id, failures, isSlow } of model.before.endpoints.values()) {
      const underWay =
        [...model.before.deliveries.values()].filter((d) => d.endpoint === id && isLive(d, model.before))
          .length + leases.filter(({ endpoint_id }) => endpoint_id === id).length
      const most = failures >= 5 ? 1 : isSlow === false ? 16 : 4
      if (leases.some(({ endpoint_id }) => endpoint_id === id))
        expect(underWay, `under way at once to ${id}`).toBeLessThanOrEqual(most)
    }
    return
  },

  async report(model, command) {
    const worker = model.workerOf(command)
    const reports = worker.leases
      .splice(0, command.outcomes.length)
      .filter(({ endpoint_id }) => model.before.endpoints.has(endpoint_id))
      .map((lease, n) => [lease, outcomeOf(command.outcomes[n]!)] as const)
    if (reports.length === 0) return
    const held = reports.filter(([lease]) => find(model.before, lease)?.lease === lease.lease_id)
    expect(await complete(worker.connection, reports as never), 'settled').toBe(held.length)
    for (const [lease] of reports) model.reported.set(named(lease), model.reported.get(named(lease))! + 1)
    const after = await model.look()
    if (held.length === 0) {
      expect(after.endpoints, 'after lost leases').toEqual(model.before.endpoints)
      expect(withoutLog(after), 'after lost leases').toEqual(withoutLog(model.before))
      return
    }
    for (const [lease, { outcome }] of held) {
      const { status, lease: left, attempts } = find(after, lease)!
      const was = find(model.before, lease)!
      expect(left).toBeNull()
      expect(attempts, 'attempts of a schedule').toBe(was.attempts + 1)
      expect(status).toBe(outcome === 'succeeded' ? 'delivered' : was.attempts === 9 ? 'dead' : 'pending')
      if (status === 'dead' && isToldOf(model, lease)) model.died++
    }
    return held.map(([lease]) => named(lease))
  },

  async forget(model, command) {
    model.workerOf(command).leases = []
    return
  },

  async poll(model, command) {
    const endpoint = model.endpointOf(command)
    if (endpoint?.kind !== 'poll' || endpoint.isArchived || !endpoint.isEnabled) return
    const { rows } = await model.queue.db.query<Lease>(
      `select $1::uuid as tenant_id, event_id, $2::uuid as endpoint_id, lease_id, attempt_number, null as ordering_key
       from public.poll_webhook_deliveries($1, $2, $3, 60)`,
      [endpoint.tenant, endpoint.id, command.most],
    )
    expect(rows.length).toBeLessThanOrEqual(command.most)
    for (const lease of rows) expectClaimable(model, lease)
    if (rows.length > 0)
      model.polled = { endpoint, lease: rows[0]!.lease_id, events: rows.map(({ event_id }) => event_id) }
    return
  },

  async acknowledge(model, { most }) {
    const { polled, before } = model
    const endpoint = polled && before.endpoints.get(polled.endpoint.id)
    if (!endpoint?.isEnabled || endpoint.isArchived) return
    const { lease } = polled!
    const events = polled!.events.splice(0, most)
    const held = events
      .map((event) => nameOf({ event, endpoint: endpoint.id }))
      .filter((name) => before.deliveries.get(name)!.lease === lease)
    const { rows } = await model.queue.db.query<{ n: number }>(
      'select public.acknowledge_webhook_deliveries($1, $2, $3, $4) as n',
      [endpoint.tenant, endpoint.id, lease, events],
    )
    expect(rows[0]!.n, 'acknowledged').toBe(held.length)
    for (const name of held) model.reported.set(name, model.reported.get(name)! + 1)
    return held
  },
}

const named = (lease: Lease) => nameOf({ event: lease.event_id, endpoint: lease.endpoint_id })
const find = (picture: Picture, lease: Lease): Delivery | undefined => picture.deliveries.get(named(lease))
const withoutLog = ({ deliveries }: Picture) => [...deliveries.values()].map(({ logged: _, ...rest }) => rest)

/** Of an operational event that died nobody is told, nor of anything in an archived tenant. */
function isToldOf({ before, archived }: QueueModel, { event_id, tenant_id }: Lease): boolean {
  return !/^(endpoint|delivery|webhook)\./.test(before.events.get(event_id)!.type) && !archived.has(tenant_id)
}

function expectClaimable({ before, replayed }: QueueModel, lease: Lease): void {
  const was = find(before, lease)!
  const endpoint = before.endpoints.get(lease.endpoint_id)!
  expect(was.status).toBe('pending')
  expect(isLive(was, before), 'leased by another').toBe(false)
  expect(was.next, 'has its turn').not.toBeNull()
  expect(lease.attempt_number).toBe(was.attempts + 1)
  expect(endpoint.isEnabled && !endpoint.isArchived, 'to be served').toBe(true)
  // A picture is older than the claim by what the two took.
  expect(endpoint.blocked - before.now, 'seconds until it may be served').toBeLessThan(1)
  if (was.key === null || replayed.has(named(lease))) return
  for (const earlier of before.deliveries.values())
    if (earlier.endpoint === was.endpoint && earlier.key === was.key && earlier.event < was.event)
      expect(
        earlier.status === 'pending' && !replayed.has(nameOf(earlier)),
        `${nameOf(earlier)} is before`,
      ).toBe(false)
}
