import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { inTenant, platform } from './client.ts'

export type Campaign = Schemas['Campaign']
export type CampaignChange = Schemas['CampaignChange']
export type CampaignStatus = Campaign['status']

/** The campaigns page by page, the newest first. */
export const campaignsQuery = (slug: string, status?: CampaignStatus) =>
  infiniteQueryOptions({
    queryKey: [slug, 'campaigns', { status }],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/assessments/campaigns', {
        params: { query: { limit: 50, ...(status && { status }), ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** The newest campaign that visitors can see, as they get it; null if there is none. */
export const shownCampaignQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'campaigns', 'shown'],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/assessments/campaigns', {
        params: { query: { limit: 1, status: 'open' } },
        signal,
      })
      const [newest] = data.campaigns
      if (!newest) return null
      const { data: shown } = await platform.GET('/assessments/take/{slug}/{campaign}', {
        params: { path: { slug, campaign: newest.ref_id } },
        signal,
      })
      return shown
    },
  })

const campaignOf = (campaign: string) => ({ path: { campaign } })

export const campaignQuery = (slug: string, campaign: string) =>
  queryOptions({
    queryKey: [slug, 'campaigns', campaign],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/assessments/campaigns/{campaign}', {
        params: campaignOf(campaign),
        signal,
      })
      return data
    },
  })

/** `ref_id` is made by the caller, so that a try after a lost answer makes no second campaign. */
export async function createCampaign(slug: string, body: Schemas['NewCampaign']): Promise<Campaign> {
  const { data } = await inTenant(slug).POST('/assessments/campaigns', { body })
  return data
}

export async function changeCampaign(
  slug: string,
  campaign: string,
  body: CampaignChange,
): Promise<Campaign> {
  const { data } = await inTenant(slug).PATCH('/assessments/campaigns/{campaign}', {
    params: campaignOf(campaign),
    body,
  })
  return data
}

export async function deleteCampaign(slug: string, campaign: string): Promise<void> {
  await inTenant(slug).DELETE('/assessments/campaigns/{campaign}', { params: campaignOf(campaign) })
}

export type Invitee = Schemas['NewParticipantInvitations']['people'][number]

/** Mails each of them a link of their own: all, or nobody. */
export async function inviteToCampaign(slug: string, campaign: string, people: Invitee[]): Promise<number> {
  const { data } = await inTenant(slug).POST('/assessments/campaigns/{campaign}/invitations', {
    params: campaignOf(campaign),
    body: { people },
  })
  return data.invited.length
}

/** How many participants have each status: of one campaign, or of all. */
export const pipelineQuery = (slug: string, campaign?: string) =>
  queryOptions({
    queryKey: [slug, 'pipeline', { campaign }],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/assessments/pipeline', {
        params: { query: { ...(campaign && { campaign }) } },
        signal,
      })
      return data
    },
  })
