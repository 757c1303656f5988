import { describe, expect, it } from 'vitest'
import { admin } from '../../kit/db.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

interface Event {
  id: string | null
  type: string
  tokens?: number
  source?: string
}

async function log(tenant: Tenant, events: Event[]): Promise<string[]> {
  const { rows } = await admin.query<{ outcome: string }>(
    `select outcome from private.ingest_usage_events($1, null, $2, $3, $4,
       array_fill('{}'::jsonb, array[$6::int]), $5, array_fill(null::text, array[$6]),
       array_fill(null::bigint, array[$6]), array_fill(null::timestamptz, array[$6])) order by n`,
    [
      tenant.id,
      events.map((event) => event.id),
      events.map((event) => event.source ?? 'api'),
      events.map((event) => event.type),
      events.map((event) => event.tokens ?? null),
      events.length,
    ],
  )
  return rows.map((row) => row.outcome)
}

const stored = async (tenant: Tenant) =>
  (await admin.query('select from public.usage_events where tenant_id = $1', [tenant.id])).rowCount

describe('a usage event with an id', () => {
  it('counts once, within a batch and across batches, and says so for each', async () => {
    const tenant = await makeTenant()
    const batch: Event[] = [
      { id: 'a', type: 'x' },
      { id: 'a', type: 'x' },
      { id: 'a', type: 'y' },
      { id: 'b', type: 'x' },
      { id: null, type: 'x' },
      { id: null, type: 'x' },
      { id: 'a', type: 'x', source: 'other' },
    ]
    expect(await log(tenant, batch)).toEqual([
      'accepted',
      'duplicate',
      'conflict',
      'accepted',
      'accepted',
      'accepted',
      'accepted',
    ])
    expect(await log(tenant, batch)).toEqual([
      'duplicate',
      'duplicate',
      'conflict',
      'duplicate',
      'accepted',
      'accepted',
      'duplicate',
    ])
    expect(await stored(tenant)).toBe(7)
  })

  it('is another event for another tenant', async () => {
    const [one, two] = [await makeTenant(), await makeTenant()]
    expect(await log(one, [{ id: 'same', type: 'x' }])).toEqual(['accepted'])
    expect(await log(two, [{ id: 'same', type: 'y' }])).toEqual(['accepted'])
  })

  it('counts once when eight senders race with overlapping batches in different orders', async () => {
    const tenant = await makeTenant()
    const ids = Array.from({ length: 200 }, (_, n) => `race-${n}`)
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, sender) => {
        const order = sender % 2 === 0 ? ids : [...ids].reverse()
        return log(
          tenant,
          order.map((id) => ({ id, type: 'x' })),
        )
      }),
    )
    expect(outcomes.flat().filter((outcome) => outcome === 'accepted')).toHaveLength(200)
    expect(outcomes.flat().filter((outcome) => outcome === 'duplicate')).toHaveLength(1400)
    expect(await stored(tenant)).toBe(200)
  })

  it('is forgotten with its tenant, and after 35 days', async () => {
    const [gone, old] = [await makeTenant(), await makeTenant()]
    await log(gone, [{ id: 'k', type: 'x' }])
    await log(old, [
      { id: 'past', type: 'x' },
      { id: 'recent', type: 'x' },
    ])
    await admin.query('delete from public.tenants where id = $1', [gone.id])
    await admin.query(
      `update public.usage_event_keys set created_at = now() - interval '36 days' where tenant_id = $1 and event_id = 'past'`,
      [old.id],
    )
    await admin.query('select private.sweep_usage_event_keys()')
    const { rows } = await admin.query<{ event_id: string }>(
      'select event_id from public.usage_event_keys where tenant_id = any ($1)',
      [[gone.id, old.id]],
    )
    expect(rows).toEqual([{ event_id: 'recent' }])
  })
})
