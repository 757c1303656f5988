import { inject } from 'vitest'
import type { Meter, MeterReadings } from '../../../lib/usage/index.ts'
import { call } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import type { Person } from '../../kit/people.ts'
import type { Tenant } from '../../kit/tenants.ts'

/** What tests of meters do again and again. */

export type Definition = Partial<Omit<Meter, 'slug'>> & { slug: string; aggregation: Meter['aggregation'] }
export type Reading = MeterReadings['readings'][number]

/** Defines a meter as the service does. */
export async function makeMeter({ id }: Pick<Tenant, 'id'>, meter: Definition): Promise<string> {
  await admin.query(
    `insert into public.usage_meters (tenant_id, slug, name, event_type, aggregation, value_property, group_by)
     values ($1, $2, $2, $3, $4, $5, $6)`,
    [
      ...[id, meter.slug, meter.event_type ?? null, meter.aggregation, meter.value_property ?? null],
      meter.group_by ?? [],
    ],
  )
  return meter.slug
}

/** Logs events as the platform does, which may bring over old ones. */
export async function log(tenant: Tenant, events: object[]): Promise<void> {
  const apikey = inject('stack').secret_key
  const answer = await call('/usage/events', { apikey, tenant: tenant.slug, body: { events } })
  const told = (await answer.json()) as { accepted: number; duplicate: number }
  if (told.accepted + told.duplicate !== events.length) throw new Error(JSON.stringify(told).slice(0, 500))
}

/** Voids events as the platform does. Some may not be there. */
export async function voidUsage(tenant: Tenant, events: object[]): Promise<void> {
  if (events.length === 0) return
  const apikey = inject('stack').secret_key
  const answer = await call('/usage/voids', { apikey, tenant: tenant.slug, body: { events } })
  if (answer.status !== 200) throw new Error(await answer.text())
}

export const ask = (by: Person, tenant: Tenant, meter: string, query = '', headers = {}) =>
  call(`/usage/meters/${meter}/query?${query}`, { token: by.token, tenant: tenant.slug, headers })

/** All readings, page by page. */
export async function readAll(
  by: Person,
  tenant: Tenant,
  meter: string,
  query = '',
  limit = 100,
): Promise<Reading[]> {
  const found: Reading[] = []
  let cursor: string | null = null
  do {
    const answer = await ask(by, tenant, meter, `${query}&limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`)
    if (answer.status !== 200) throw new Error(await answer.text())
    const page = (await answer.json()) as MeterReadings
    if (page.readings.length > limit) throw new Error('A page is longer than its limit.')
    found.push(...page.readings)
    cursor = page.next_cursor
  } while (cursor)
  return found
}
