import { expect } from 'vitest'
import { nameOf } from '../picture.ts'
import { addEndpoint, emit, passTime, removeEndpoint, replay, setEnabled } from '../world.ts'
import { shapes } from './commands.ts'
import type { Actions, QueueModel } from './model.ts'

type Name =
  | 'emit'
  | 'enable'
  | 'disable'
  | 'remove'
  | 'add'
  | 'archive'
  | 'restore'
  | 'replay'
  | 'test'
  | 'pass time'
  | 'wear out'

/** What happens in a tenant, and what its managers do; and time. */
export const tenantActions: Actions<Name> = {
  async emit(model, command) {
    const tenant = model.tenantOf(command)
    const connection = await model.queue.db.connect()
    const known = new Map(model.byIdempotencyKey)
    const emitted: string[] = []
    try {
      await connection.query('begin')
      for (const { type, key, idempotencyKey } of command.events) {
        const id = await emit(connection, tenant, { type, key, idempotencyKey })
        const named = idempotencyKey && `${tenant} ${idempotencyKey}`
        if (isArchived(model, tenant)) expect(id, 'an event of an archived tenant').toBeNull()
        else if (named && known.has(named)) expect(id, 'an event told of twice').toBe(known.get(named))
        else {
          for (const earlier of [...model.before.events.values()])
            if (key && earlier.tenant === tenant && earlier.key === key)
              expect(id! > earlier.id, 'later of its key').toBe(true)
          emitted.push(id!)
          if (named) known.set(named, id!)
        }
      }
      await connection.query(command.rollBack ? 'rollback' : 'commit')
    } finally {
      connection.release()
    }
    if (command.rollBack) return
    for (const id of emitted) model.events.add(id)
    for (const [key, id] of known) model.byIdempotencyKey.set(key, id)
    return
  },

  enable: (model, command) => enable(model, command, true),
  disable: (model, command) => enable(model, command, false),

  async remove(model, command) {
    const endpoint = model.endpointOf(command)
    if (endpoint && !endpoint.isArchived) await removeEndpoint(model.queue, endpoint)
    return
  },

  async add(model, command) {
    await addEndpoint(model.queue, model.tenantOf(command), shapes[command.shape % shapes.length]!)
    return
  },

  archive: (model, command) => move(model, command, 'archived'),
  restore: (model, command) => move(model, command, 'active'),

  async replay(model, command) {
    const endpoint = model.endpointOf(command)
    if (!endpoint || endpoint.isArchived) return
    const { before, queue } = model
    if (!endpoint.isEnabled) {
      await expect(replay(queue.db, endpoint, 'all')).rejects.toThrow('endpoint_disabled')
      return
    }
    const events = [...before.events.values()].filter(({ tenant }) => tenant === endpoint.tenant)
    const delivery = (event: string) => before.deliveries.get(nameOf({ event, endpoint: endpoint.id }))
    const among = command.what === 'again' ? events.filter(({ id }) => delivery(id)) : events
    const one = among[command.event % among.length]
    const isOne = command.what === 'again' || command.what === 'one'
    if (isOne && !one) return
    const chosen = isOne
      ? [one!]
      : events.filter((event) =>
          delivery(event.id)
            ? delivery(event.id)!.status === 'dead' && command.what !== 'missing'
            : command.what !== 'failed' && !event.isTest && wants(endpoint, event),
        )
    const what = command.what === 'again' || command.what === 'one' ? [one!.id] : command.what
    expect(await replay(queue.db, endpoint, what), 'replayed').toBe(chosen.length)
    for (const { id } of chosen) {
      model.expectDelivery(id, endpoint.id)
      model.replayed.add(nameOf({ event: id, endpoint: endpoint.id }))
    }
    const names = chosen.map(({ id }) => nameOf({ event: id, endpoint: endpoint.id }))
    const { rows } = await queue.db.query(
      `select from public.webhook_deliveries
       where endpoint_id = $1 and event_id = any ($2) and status = 'pending' and attempt_count = 0`,
      [endpoint.id, chosen.map(({ id }) => id)],
    )
    expect(rows.length, 'what was replayed begins anew').toBe(chosen.length)
    return names
  },

  async test(model, command) {
    const endpoint = model.endpointOf(command)
    if (!endpoint?.isEnabled || endpoint.isArchived) return
    const { rows } = await model.queue.db.query<{ id: string }>(
      'select public.send_webhook_test($1, $2) as id',
      [endpoint.tenant, endpoint.id],
    )
    model.events.add(rows[0]!.id)
    model.expectDelivery(rows[0]!.id, endpoint.id)
    return
  },

  async 'pass time'(model, { seconds }) {
    await passTime(model.queue, seconds)
    return
  },

  async 'wear out'(model) {
    await model.queue.db.query('update private.queue_items set attempt_count = 9 where lease_id is null')
    return
  },
}

/** Whether an endpoint asked for an event. */
export function wants(
  endpoint: { types: readonly string[] | null; ref: string },
  event: { type: string; about: string | null },
): boolean {
  const isOperational = /^(endpoint|delivery|webhook)\./.test(event.type)
  return isOperational
    ? (endpoint.types ?? []).includes(event.type) && event.about !== endpoint.ref
    : endpoint.types === null || endpoint.types.includes(event.type)
}

function isArchived(model: QueueModel, tenant: string): boolean {
  return model.archived.has(tenant)
}

async function enable(
  model: QueueModel,
  command: { endpoint: number },
  isEnabled: boolean,
): Promise<undefined> {
  const endpoint = model.endpointOf(command)
  if (endpoint) await setEnabled(model.queue, endpoint, isEnabled)
}

async function move(model: QueueModel, command: { tenant: number }, status: string): Promise<undefined> {
  const tenant = model.tenantOf(command)
  await model.queue.db.query('update public.tenants set status = $2 where id = $1 and status <> $2', [
    tenant,
    status,
  ])
  if (status === 'archived') model.archived.add(tenant)
  else model.archived.delete(tenant)
}
