import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { inTenant } from './client.ts'
import type { Range } from './usage.ts'

export type Meter = Schemas['Meter']
export type NewMeter = Schemas['NewMeter']
export type Reading = Schemas['MeterReading']

/** The meters page by page, the newest first. */
export const metersQuery = (slug: string) =>
  infiniteQueryOptions({
    queryKey: [slug, 'meters'],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/usage/meters', {
        // Each row asks for its figure.
        params: { query: { limit: 20, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

const meterOf = (meter: string) => ({ path: { meter } })

export const meterQuery = (slug: string, meter: string) =>
  queryOptions({
    queryKey: [slug, 'meters', meter],
    queryFn: async ({ signal }) =>
      (await inTenant(slug).GET('/usage/meters/{meter}', { params: meterOf(meter), signal })).data,
  })

/** A slug is one meter's, so a second try after a lost answer makes no second meter. */
export async function makeMeter(slug: string, body: NewMeter): Promise<Meter> {
  return (await inTenant(slug).POST('/usage/meters', { body })).data
}

export async function changeMeter(slug: string, meter: string, body: Schemas['MeterChange']): Promise<Meter> {
  return (await inTenant(slug).PATCH('/usage/meters/{meter}', { params: meterOf(meter), body })).data
}

/** The newest month that has a reading, of those in the last weeks. It may be the one before this. */
export const meterMonthQuery = (slug: string, meter: string, time_zone: string) =>
  queryOptions({
    queryKey: [slug, 'meters', meter, 'month', time_zone],
    queryFn: async ({ signal }) => {
      const since = new Date(Date.now() - 32 * 86_400_000).toISOString()
      const { data } = await inTenant(slug).GET('/usage/meters/{meter}/query', {
        params: {
          ...meterOf(meter),
          query: { window: 'month', time_zone, since, limit: 1, format: 'json' },
        },
        signal,
      })
      return (data as Schemas['MeterReadings']).readings[0] ?? null
    },
  })

/** What it shows for each day. At most a hundred days. */
export const meterDaysQuery = (slug: string, meter: string, range: Range) =>
  queryOptions({
    queryKey: [slug, 'meters', meter, 'days', range],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/usage/meters/{meter}/query', {
        params: { ...meterOf(meter), query: { ...range, window: 'day', limit: 100, format: 'json' } },
        signal,
      })
      return (data as Schemas['MeterReadings']).readings
    },
  })

/** The whole range as one, or split by a property of the meter, page by page. */
export const meterGroupsQuery = (slug: string, meter: string, range: Range, group_by: string) =>
  infiniteQueryOptions({
    queryKey: [slug, 'meters', meter, 'groups', range, group_by],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/usage/meters/{meter}/query', {
        params: {
          ...meterOf(meter),
          query: {
            ...{ ...range, window: 'none', limit: 100, format: 'json' },
            ...(group_by && { group_by }),
            ...(cursor && { cursor }),
          },
        },
        signal,
      })
      return data as Schemas['MeterReadings']
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** Each day of the range as a CSV file, split by all that the meter can be split by. */
export async function meterFile(slug: string, { ref_id, group_by }: Meter, range: Range): Promise<Blob> {
  const { data } = await inTenant(slug).GET('/usage/meters/{meter}/query', {
    params: {
      ...meterOf(ref_id),
      query: { ...range, window: 'day', group_by: group_by.join(','), format: 'csv' },
    },
    parseAs: 'blob',
  })
  return data as unknown as Blob
}
