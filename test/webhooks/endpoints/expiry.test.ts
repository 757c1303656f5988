import { beforeAll, describe, expect, it } from 'vitest'
import { problemOf } from '../../kit/call.ts'
import { superuser } from '../../kit/db.ts'
import {
  ask,
  countInVault,
  emit,
  eventually,
  makeEndpoint,
  makeWorld,
  read,
  vaultIds,
  type World,
} from './world.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})

const temporary = { kind: 'poll', event_types: ['campaign.updated'], ttl_seconds: 3_600 }
/** Cron may do a step in between. */
const sweep = () => superuser.query('select private.sweep_expired_endpoints(100000)')
const expire = (ref: string) =>
  superuser.query(`update public.webhook_endpoints set expires_at = now() where ref_id = $1`, [ref])

describe('an endpoint that is made for a time', () => {
  it('says when it ends, and others never do', async () => {
    const made = await makeEndpoint(world, temporary)
    expect(Date.parse(String(made.expires_at)) - Date.parse(String(made.created_at))).toBe(3_600_000)
    expect((await makeEndpoint(world)).expires_at).toBeNull()
    await sweep()
    expect((await read(world, made.ref_id)).disabled).toBe(false)
  })

  it('gets nothing more once it is over, and is deleted with its secret and deliveries', async () => {
    const { ref_id } = await makeEndpoint(world, temporary)
    const message = await emit(world, {}, { type: 'campaign.updated' })
    const deliveries = async () =>
      (
        await superuser.query(
          `select from public.webhook_deliveries as d join public.webhook_endpoints as e on e.id = d.endpoint_id
           where d.event_id = $1 and e.ref_id = $2`,
          [message, ref_id],
        )
      ).rowCount ?? 0
    await eventually('the delivery', async () => (await deliveries()) > 0)
    const ids = await vaultIds(ref_id)
    expect(await countInVault(ids)).toBe(1)
    await expire(ref_id)
    await sweep()
    // Disabled first: a worker may be about to give it a message.
    const between = await ask(world, `/endpoints/${ref_id}`)
    if (between.ok) expect(await between.json()).toMatchObject({ disabled_reason: 'expired' })
    await sweep()
    expect(await problemOf(await ask(world, `/endpoints/${ref_id}`))).toMatchObject({ status: 404 })
    expect([await countInVault(ids), await deliveries()]).toEqual([0, 0])
  })

  it.each([0, 59, 2_592_001, 1.5, '60'])('is refused for %j seconds', async (ttl) => {
    const answer = await problemOf(
      await ask(world, '/endpoints', { body: { ...temporary, ttl_seconds: ttl } }),
    )
    expect(answer).toMatchObject({ status: 422, pointers: ['/ttl_seconds'] })
  })

  it('is refused by SQL too', async () => {
    const attempt = superuser.query(
      `select public.create_webhook_endpoint($1, $2, kind => 'poll', ttl_seconds => 59)`,
      [world.tenant.id, `whsec_${Buffer.alloc(32, 7).toString('base64')}`],
    )
    await expect(attempt).rejects.toMatchObject({ code: 'PT422', message: 'invalid_value' })
  })
})
