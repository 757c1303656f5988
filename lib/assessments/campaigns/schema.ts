import { z } from 'zod'
import { keyset, moment, nextCursor, offsetMoment, pageParameters, refId } from '../../db/index.ts'

const word = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'must be the name of an assessment')
const mode = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,39}$/, 'must be the name of a format')
  .nullable()
  .meta({ description: 'The format in which it is taken. null: any that you have switched on.' })
const status = z.enum(['draft', 'open', 'closed'])
const disclosure = z
  .enum(['full', 'summary', 'none'])
  .meta({ description: 'How much of the result a participant sees.' })

const name = z
  .string()
  .trim()
  .min(1)
  .max(255)
  .regex(/^\P{Cc}*$/u, 'must be text without control characters')
// In UTC, because Postgres takes fewer offsets than RFC 3339 has.
const date = offsetMoment
  .transform((at) => new Date(at).toISOString())
  .refine((at) => at >= '2000', 'must be after the year 2000')
  .nullable()
const landing = z
  .strictObject({ headline: z.string().trim().min(1).max(200), intro: z.string().trim().min(1).max(2_000) })
  .partial()
  .meta({ description: 'What its first page says in the place of the words of the framework.' })

export const Campaign = z
  .strictObject({
    ref_id: refId,
    name: z.string(),
    assessment_type: z.string().meta({ description: 'The framework that it offers.' }),
    mode: z.string().nullable(),
    status,
    results_disclosure: disclosure,
    opens_at: moment.nullable(),
    closes_at: moment.nullable(),
    landing,
    is_switched_off: z.boolean().meta({
      description: 'Whether it takes nobody now because the plan has no place for it.',
    }),
    url: z.string().nullable().meta({
      description: 'Where it is taken. null where neither the brand nor the platform names a page.',
    }),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'Campaign', description: 'An assessment that a tenant offers.' })

/** The newest first. */
export const campaignOrder = keyset('campaigns', { ref_id: refId })
export const CampaignQuery = z.strictObject({
  ...pageParameters(campaignOrder),
  status: status.optional().meta({ description: 'Only those with this status.' }),
})
export const Campaigns = z
  .strictObject({ campaigns: z.array(Campaign), next_cursor: nextCursor })
  .meta({ id: 'Campaigns' })

const changeable = z.strictObject({
  name,
  assessment_type: word,
  mode,
  status,
  results_disclosure: disclosure,
  opens_at: date,
  closes_at: date,
  landing,
})

export const NewCampaign = changeable
  .partial()
  .required({ name: true })
  .extend({
    ref_id: refId.optional().meta({
      description: 'A ULID of your own. Sent twice, the campaign is created once.',
    }),
  })
  .meta({ id: 'NewCampaign', description: 'What is left out is as the table says: open, industry4, full.' })

export const CampaignChange = changeable
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .meta({ id: 'CampaignChange', description: 'What is left out stays.' })

/** The path parameter that names a campaign of the caller's tenant. */
export const OwnCampaignPath = z.object({ campaign: refId })

export type Campaign = z.infer<typeof Campaign>
export type Campaigns = z.infer<typeof Campaigns>
export type CampaignQuery = z.output<typeof CampaignQuery>
export type NewCampaign = z.output<typeof NewCampaign>
export type CampaignChange = z.output<typeof CampaignChange>
