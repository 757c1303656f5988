import { queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { all } from './all.ts'
import { platform } from './client.ts'

export type IdentityProvider = Schemas['IdentityProvider']
export type Kind = IdentityProvider['type']
export type JoinRule = IdentityProvider['join_rule']
export type OidcSettings = Schemas['OidcSettings']
export type SamlSettings = Schemas['SamlSettings']

const kindOf = (slug: string, type: Kind) => ({ path: { ref: slug, type } })

/** At most one of each kind. */
export const identityProvidersQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'identity-providers'],
    queryFn: ({ signal }) =>
      all(
        platform.list('/registry/tenants/{ref}/identity-providers', {
          params: { path: { ref: slug } },
          signal,
        }),
      ),
  })

/** What a provider wants to know of this platform, often before it gives what is needed here. */
export const atProviderQuery = (slug: string, type: Kind) =>
  queryOptions({
    queryKey: [slug, 'identity-providers', type, 'at-provider'],
    queryFn: async ({ signal }) => {
      const { data } = await platform.GET('/registry/tenants/{ref}/identity-providers/{type}/at-provider', {
        params: kindOf(slug, type),
        signal,
      })
      return data
    },
    staleTime: Number.POSITIVE_INFINITY,
  })

export async function setIdentityProvider(
  slug: string,
  type: Kind,
  body: OidcSettings | SamlSettings,
): Promise<void> {
  await platform.PUT('/registry/tenants/{ref}/identity-providers/{type}', {
    params: kindOf(slug, type),
    body,
  })
}

/** Asks the provider now. The provider says what was found. */
export async function checkIdentityProvider(slug: string, type: Kind): Promise<void> {
  await platform.POST('/registry/tenants/{ref}/identity-providers/{type}/check', {
    params: kindOf(slug, type),
  })
}

export async function removeIdentityProvider(slug: string, type: Kind): Promise<void> {
  await platform.DELETE('/registry/tenants/{ref}/identity-providers/{type}', { params: kindOf(slug, type) })
}

/** Whoever the rule made a member and no longer covers is none at once. */
export async function setJoinRule(slug: string, type: Kind, body: JoinRule): Promise<void> {
  await platform.PUT('/registry/tenants/{ref}/identity-providers/{type}/join-rule', {
    params: kindOf(slug, type),
    body,
  })
}
