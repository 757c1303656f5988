import { beforeAll, describe, expect, it, vi } from 'vitest'
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
  remove,
  vaultIds,
  type World,
} from './world.ts'

// A busy machine makes this slow, not wrong.
vi.setConfig({ testTimeout: 120_000 })

let world: World
beforeAll(async () => {
  world = await makeWorld()
})

describe('deleting', () => {
  it('takes secrets, deliveries and attempts along, and the messages stay', async () => {
    const { ref_id } = await makeEndpoint(world, {
      kind: 'poll',
      event_types: ['campaign.updated'],
    })
    const message = await emit(world, {}, { type: 'campaign.updated' })
    const deliveries = async () =>
      (await superuser.query('select from public.webhook_deliveries where event_id = $1', [message])).rowCount
    await eventually('the delivery', async () => ((await deliveries()) ?? 0) > 0)
    const ids = await vaultIds(ref_id)
    expect(await countInVault(ids)).toBe(1)
    expect((await remove(world, ref_id)).status).toBe(204)
    expect(await countInVault(ids)).toBe(0)
    expect(await problemOf(await ask(world, `/endpoints/${ref_id}`))).toMatchObject({ status: 404 })
    expect(await problemOf(await remove(world, ref_id))).toMatchObject({ status: 404, code: 'not_found' })
    const { rowCount } = await superuser.query('select from public.webhook_events where id = $1', [message])
    expect(rowCount).toBe(1)
  })

  it('goes on call by call where there is much', async () => {
    const { ref_id } = await makeEndpoint(world, { event_types: ['endpoint.recovered'] })
    await superuser.query(
      `with made as (
         insert into public.webhook_events (tenant_id, type, version, payload)
         select $1, 'endpoint.recovered', 1, '{}' from generate_series(1, 10001) returning tenant_id, id)
       insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id, status, ended_at)
       select m.tenant_id, m.id, e.id, 'delivered', now() from made as m, public.webhook_endpoints as e where e.ref_id = $2`,
      [world.tenant.id, ref_id],
    )
    const once = async () =>
      (
        await superuser.query<{ is_gone: boolean }>(
          `select public.delete_webhook_endpoint(e.tenant_id, e.id) as is_gone from public.webhook_endpoints as e where e.ref_id = $1`,
          [ref_id],
        )
      ).rows[0]!.is_gone
    const left = async () =>
      (
        await superuser.query(
          `select from public.webhook_deliveries as d join public.webhook_endpoints as e on e.id = d.endpoint_id where e.ref_id = $1`,
          [ref_id],
        )
      ).rowCount
    // Disabled first, so that it is sent nothing more; then what there is, and itself at last.
    expect(await once()).toBe(false)
    expect(await read(world, ref_id)).toMatchObject({ disabled: true })
    expect(await left()).toBe(10_001)
    expect(await once()).toBe(false)
    expect(await left()).toBe(1)
    expect((await remove(world, ref_id)).status).toBe(204)
    expect(await problemOf(await ask(world, `/endpoints/${ref_id}`))).toMatchObject({ status: 404 })
  })

  it('a tenant leaves nothing in Vault', async () => {
    const gone = await makeWorld()
    const { ref_id } = await makeEndpoint(gone, { headers: { 'x-a': 'b' } })
    const ids = await vaultIds(ref_id)
    expect(await countInVault(ids)).toBe(2)
    await superuser.query('delete from public.tenants where id = $1', [gone.tenant.id])
    expect(await countInVault(ids)).toBe(0)
  })
})
