import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { all } from './all.ts'
import { platform } from './client.ts'

export type Project = Schemas['Project']
export type ProjectChange = Schemas['ProjectChange']

const tenantOf = (slug: string) => ({ path: { ref: slug } })

/** The projects page by page, the newest first. */
export const projectsQuery = (slug: string) =>
  infiniteQueryOptions({
    queryKey: [slug, 'projects'],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await platform.GET('/registry/tenants/{ref}/projects', {
        params: { ...tenantOf(slug), query: { limit: 50, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

export async function makeProject(slug: string, body: Schemas['NewProject']): Promise<void> {
  await platform.POST('/registry/tenants/{ref}/projects', { params: tenantOf(slug), body })
}

export async function changeProject(slug: string, project: string, body: ProjectChange): Promise<void> {
  await platform.PATCH('/registry/tenants/{ref}/projects/{project}', {
    params: { path: { ref: slug, project } },
    body,
  })
}

/** The products that the platform has granted to a tenant: a few. */
export const tenantProductsQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'products'],
    queryFn: async ({ signal }) =>
      all(platform.list('/registry/tenants/{ref}/products', { params: tenantOf(slug), signal })),
  })

/** What a tenant may use now: products, features, and how much of each limit. */
export const entitlementsQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'entitlements'],
    queryFn: async ({ signal }) => {
      const { data } = await platform.GET('/registry/tenants/{ref}/entitlements', {
        params: tenantOf(slug),
        signal,
      })
      return data
    },
  })
