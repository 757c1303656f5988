import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { superuser } from '../../kit/db.ts'
import { type Receiver, startReceiver, verify } from '../receiver.ts'
import { ask, emit, makeEndpoint, makeWorld, patch, post, type World } from './world.ts'

// A busy machine makes this slow, not wrong.
vi.setConfig({ testTimeout: 120_000 })

let world: World
let receiver: Receiver
beforeAll(async () => {
  world = await makeWorld()
  receiver = await startReceiver()
})
afterAll(() => receiver.stop())

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

describe('endpoints that are changed while messages are delivered to them', () => {
  it('refuse nobody, lose nothing, and sign with a secret that was theirs', async () => {
    const made = await Promise.all(
      numbers(6).map((n) =>
        makeEndpoint(world, { url: `${receiver.url}/${n}`, event_types: ['campaign.created'] }),
      ),
    )
    const known = made.map(({ secret }) => [secret])
    const sent: string[] = []
    let isOver = false
    const emitting = numbers(3).map(async (worker) => {
      // Some in order, by a key that all workers share.
      for (let n = 0; !isOver; n++) {
        sent.push(await emit(world, { worker, n }, n % 3 === 0 ? { key: 'shared' } : {}))
        // What has a key is delivered one by one, and a slow machine takes longer to change the endpoints.
        await sleep(n < 100 ? 10 : 500)
      }
    })
    const statuses: number[] = []
    const note = async (response: Promise<Response>) => {
      const { status } = await response
      statuses.push(status)
    }
    await Promise.all(
      made.map(async ({ ref_id }, n) => {
        for (let round = 0; round < 8; round++) {
          await note(
            patch(world, ref_id, { headers: { 'x-round': String(round) }, rate_limit_per_second: 1_000 }),
          )
          await note(patch(world, ref_id, { url: `${receiver.url}/${n}?round=${round}` }))
          const rotated = await post(world, `/endpoints/${ref_id}/secret/rotate`, {})
          statuses.push(rotated.status)
          known[n]!.push(((await rotated.json()) as { secret: string }).secret)
          await note(post(world, `/endpoints/${ref_id}/test`, {}))
          await note(patch(world, ref_id, { disabled: true }))
          await note(patch(world, ref_id, { disabled: false }))
        }
      }),
    )
    isOver = true
    await Promise.all(emitting)
    expect(statuses.filter((status) => status >= 300)).toEqual([])

    // What was made while an endpoint was disabled is missing there, and can be had.
    const since = new Date(Date.now() - 3_600_000).toISOString()
    for (const { ref_id } of made)
      expect((await post(world, `/endpoints/${ref_id}/replay`, { since })).status).toBe(202)
    const open = async () =>
      (
        await superuser.query<{ count: number }>(
          `select (select count(*) from private.webhook_outbox where tenant_id = $1)::int
             + (select count(*) from public.webhook_deliveries where tenant_id = $1 and status <> 'delivered')::int as count`,
          [world.tenant.id],
        )
      ).rows[0]!.count
    await receiver.until(async () => (await open()) === 0)
    const arrived = made.map((_, n) => receiver.received.filter(({ path }) => path.startsWith(`/${n}`)))
    const { rows } = await superuser.query<{ id: string }>(
      `select 'msg_' || private.ulid(id) as id from unnest($1::uuid[]) as id`,
      [sent],
    )
    for (const [n, messages] of arrived.entries()) {
      const ids = new Set(messages.map(({ id }) => id))
      expect(rows.filter(({ id }) => !ids.has(id))).toEqual([])
      for (const message of messages) {
        const good = known[n]!.some((secret) => {
          try {
            return verify(secret, message) !== undefined
          } catch {
            return false
          }
        })
        expect(good).toBe(true)
      }
    }
  })

  it('are deleted all the same, with messages on their way', async () => {
    const made = await Promise.all(
      numbers(6).map(() =>
        makeEndpoint(world, { url: `${receiver.url}/gone`, event_types: ['campaign.updated'] }),
      ),
    )
    let isOver = false
    const emitting = numbers(3).map(async (worker) => {
      while (!isOver) {
        await emit(world, { worker }, { type: 'campaign.updated' })
        await sleep(10)
      }
    })
    await receiver.until(() => receiver.received.some(({ path }) => path === '/gone'))
    const answers = await Promise.all(
      made.map(({ ref_id }) => ask(world, `/endpoints/${ref_id}`, { method: 'DELETE' })),
    )
    isOver = true
    await Promise.all(emitting)
    expect(answers.map(({ status }) => status)).toEqual(made.map(() => 204))
    const { rows } = await superuser.query(
      `select from public.webhook_endpoints where tenant_id = $1 and ref_id = any ($2)`,
      [world.tenant.id, made.map(({ ref_id }) => ref_id)],
    )
    expect(rows).toEqual([])
  })
})
