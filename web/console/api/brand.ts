import { queryOptions } from '@tanstack/react-query'
import { Problem, type Schemas } from '../../../lib/client/index.ts'
import { inTenant } from './client.ts'

export type Brand = Schemas['Brand']
export type BrandChange = Schemas['BrandChange']

/** A brand with the version that a change has to name. */
export interface VersionedBrand {
  brand: Brand
  etag: string
}

export const brandQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'brand'],
    queryFn: async ({ signal }): Promise<VersionedBrand> => {
      const { data, response } = await inTenant(slug).GET('/branding/brand', { signal })
      return { brand: data, etag: response.headers.get('etag') ?? '' }
    },
    // The editor compares with what it has read. Somebody else's change is told when it is saved.
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
  })

export const previewQuery = (slug: string, change: BrandChange) =>
  queryOptions({
    queryKey: [slug, 'brand', 'preview', change],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).POST('/branding/brand/preview', { body: change, signal })
      return data
    },
    gcTime: 10_000,
  })

/** The mail to those who are new, in a brand that is not saved: in this language if there are words in it, or else in English. */
export const welcomeMailQuery = (slug: string, change: BrandChange, tenant: string, language: string) =>
  queryOptions({
    queryKey: [slug, 'brand', 'mail', change, tenant, language],
    queryFn: async ({ signal }) => {
      const preview = (locale: string) =>
        inTenant(slug).POST('/notifications/templates/{template}/{locale}/preview', {
          params: { path: { template: 'welcome', locale } },
          body: { data: { tenant, name: 'Ada Example' }, brand: change },
          signal,
        })
      const { data } = await preview(language).catch((error: unknown) => {
        if (language !== 'en' && error instanceof Problem && error.code === 'not_found') return preview('en')
        throw error
      })
      return data
    },
    gcTime: 10_000,
  })

export const fontsQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'fonts'],
    queryFn: async ({ signal }) => (await inTenant(slug).GET('/branding/fonts', { signal })).data.fonts,
    staleTime: Number.POSITIVE_INFINITY,
  })

/** Changes what is named. Throws the problem version_mismatch (412) if `etag` is not the version any more. */
export async function saveBrand(slug: string, change: BrandChange, etag: string): Promise<VersionedBrand> {
  const { data, response } = await inTenant(slug).PATCH('/branding/brand', {
    params: { header: { 'if-match': etag } },
    body: change,
  })
  return { brand: data, etag: response.headers.get('etag') ?? '' }
}

export type Picture = 'logo' | 'coach-photo'

/** Sends a picture, which shows at once. Throws the problem invalid_file (422) if it is none. */
export async function uploadPicture(slug: string, picture: Picture, file: File): Promise<VersionedBrand> {
  // The client's types know a file as its bytes; sent as it is, with its own type.
  const init = {
    body: file as unknown as string,
    bodySerializer: () => file,
    headers: { 'content-type': file.type },
  }
  const client = inTenant(slug)
  const { data, response } = await (picture === 'logo'
    ? client.PUT('/branding/brand/logo', init)
    : client.PUT('/branding/brand/coach-photo', init))
  return { brand: data, etag: response.headers.get('etag') ?? '' }
}
