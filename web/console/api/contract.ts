import { queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { platform } from './client.ts'

export type Contract = Schemas['Contract']

const contractOf = (slug: string) => ({ path: { ref: slug } })

/** The contract of a tenant. Its PDF is made within moments, so until then it is asked for again. */
export const contractQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'contract'],
    queryFn: async ({ signal }) => {
      const { data } = await platform.GET('/onboarding/tenants/{ref}/contract', {
        params: contractOf(slug),
        signal,
      })
      return data
    },
    refetchInterval: ({ state }) => (state.data && !state.data.pdf_sha256 ? 1_500 : false),
  })

/** Where the PDF is. The address works for a minute, so an open screen asks for another one before that. */
export const contractPdfQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'contract', 'pdf'],
    queryFn: async ({ signal }) => {
      const { data } = await platform.GET('/onboarding/tenants/{ref}/contract/pdf', {
        params: contractOf(slug),
        signal,
      })
      return data.url
    },
    staleTime: 0,
    gcTime: 0,
    refetchInterval: 45_000,
  })

/** Accepts the text that was read, which its hash names. */
export async function acceptContract(slug: string, sha256: string): Promise<Contract> {
  const { data } = await platform.POST('/onboarding/tenants/{ref}/contract/acceptance', {
    params: contractOf(slug),
    body: { sha256, agreed: true },
  })
  return data
}
