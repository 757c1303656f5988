import { queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { all } from './all.ts'
import { platform } from './client.ts'

export type ApiKey = Schemas['ApiKey']
export type ApiKeyWithSecret = Schemas['ApiKeyWithSecret']

const keysOf = (slug: string) => ({ path: { ref: slug } })
const keyOf = (slug: string, key: string) => ({ path: { ref: slug, key } })

/** All keys, the newest first. A plan has room for a few dozen at most. */
export const apiKeysQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'api-keys'],
    queryFn: async ({ signal }) =>
      all(platform.list('/registry/tenants/{ref}/api-keys', { params: keysOf(slug), signal })),
  })

export const scopesQuery = queryOptions({
  queryKey: ['scopes'],
  queryFn: ({ signal }) => all(platform.list('/registry/scopes', { signal })),
  staleTime: Number.POSITIVE_INFINITY,
})

export async function makeApiKey(slug: string, body: Schemas['NewApiKey']): Promise<ApiKeyWithSecret> {
  const { data } = await platform.POST('/registry/tenants/{ref}/api-keys', { params: keysOf(slug), body })
  return data
}

/** A new secret. The old one still works for a day, so that whoever uses it can be told. */
export async function rotateApiKey(slug: string, key: string): Promise<ApiKeyWithSecret> {
  const { data } = await platform.POST('/registry/tenants/{ref}/api-keys/{key}/rotate', {
    params: keyOf(slug, key),
    body: { overlap_seconds: 86_400 },
  })
  return data
}

export async function revokeApiKey(slug: string, key: string): Promise<void> {
  await platform.DELETE('/registry/tenants/{ref}/api-keys/{key}', { params: keyOf(slug, key) })
}
