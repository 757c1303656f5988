import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { inTenant, platform } from './client.ts'

export type TenantState = Schemas['TenantState']
export type Queue = Schemas['Queues']['queues'][number]
export type PlatformProvider = Schemas['Queues']['providers'][number]
export type Status = 'active' | 'frozen' | 'archived'

/** What tenants are looked for by. Empty texts count for nothing. */
export interface TenantSearch {
  q: string
  status: string
  plan: string
}

/** What rows of all audit logs are looked for by. Empty texts count for nothing. */
export interface AuditSearch {
  tenant: string
  actor: string
  action: string
  target: string
  request_id: string
  since: string
  until: string
}

/** What was filled in. The server judges what it is. */
function given<Search extends object>(search: Search): Record<string, string> {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== ''))
}

/** The tenants of the platform page by page, the newest first. */
export const foundTenantsQuery = (search: TenantSearch) =>
  infiniteQueryOptions({
    queryKey: ['operator', 'tenants', search],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const query = { limit: 50, ...given(search), ...(cursor && { cursor }) }
      return (await platform.GET('/registry/operator/tenants', { params: { query }, signal })).data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** Asking it is a look at the tenant, which its owners read in their audit log. */
export const tenantStateQuery = (name: string) =>
  queryOptions({
    queryKey: ['operator', 'tenant', name],
    queryFn: async ({ signal }) =>
      (await platform.GET('/registry/tenants/{ref}/state', { params: { path: { ref: name } }, signal })).data,
  })

export const queuesQuery = queryOptions({
  queryKey: ['operator', 'queues'],
  queryFn: async ({ signal }) => (await platform.GET('/registry/operator/queues', { signal })).data,
  refetchInterval: 10_000,
})

/** Rows of all audit logs, the newest first; of one tenant if it is named. */
export const allAuditQuery = ({ tenant, since, until, ...search }: AuditSearch) =>
  infiniteQueryOptions({
    queryKey: ['operator', 'audit', tenant, since, until, search],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const from = since && { since: new Date(since).toISOString() }
      const to = until && { until: new Date(until).toISOString() }
      const query = { limit: 50, ...given(search), ...from, ...to, ...(cursor && { cursor }) }
      const client = tenant === '' ? platform : inTenant(tenant)
      return (await client.GET('/registry/audit', { params: { query }, signal })).data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

export async function givePlan(ref: string, plan: string): Promise<void> {
  await platform.PUT('/registry/tenants/{ref}/plan', { params: { path: { ref } }, body: { plan } })
}

export async function moveTenant(ref: string, status: Status, reason: string): Promise<void> {
  const body = { status, ...(reason.trim() !== '' && { reason }) }
  await platform.PUT('/registry/tenants/{ref}/status', { params: { path: { ref } }, body })
}
