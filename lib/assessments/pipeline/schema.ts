import { z } from 'zod'
import { keyset, moment, nextCursor, offsetMoment, pageParameters, refId } from '../../db/index.ts'
import { landingVariants } from '../taking/schema.ts'

export const clientStatuses = [
  'registered',
  'started',
  'completed',
  'contacted',
  'converted',
  'archived',
] as const
const clientStatus = z.enum(clientStatuses)

const Participant = z
  .strictObject({
    ref_id: refId,
    campaign: z.strictObject({ ref_id: refId, name: z.string() }).nullable(),
    email: z.string().nullable(),
    full_name: z.string().nullable(),
    has_consented: z.boolean().meta({ description: 'Whether the contact details may be used.' }),
    client_status: clientStatus,
    mode: z.string().nullable(),
    locale: z.string().nullable(),
    landing_variant: z.enum(landingVariants).nullable().meta({
      description: 'Whether the landing had shown its personas. null: there was no test.',
    }),
    primary_id: z.string().nullable().meta({ description: 'What leads in the result.' }),
    started_at: moment.nullable(),
    completed_at: moment.nullable(),
    expires_at: moment,
    created_at: moment,
  })
  .meta({ id: 'Participant', description: 'Somebody in the pipeline.' })

const Move = z.strictObject({
  from_status: clientStatus.nullable(),
  to_status: clientStatus,
  moved_by: z
    .string()
    .nullable()
    .meta({ description: 'The ref_id of the member. null for the participant.' }),
  moved_at: moment,
})

/** One participant with everything that is known of them. */
export const ParticipantDetails = Participant.extend({
  answers: z.record(z.string(), z.union([z.number(), z.string()])),
  result: z
    .strictObject({
      ref_id: refId,
      framework_id: z.string(),
      mode: z.string(),
      scores: z.array(z.strictObject({ id: z.string(), score: z.number(), band: z.string().nullable() })),
      primary_id: z.string().nullable(),
      secondary_id: z.string().nullable(),
      answered_count: z.int(),
      item_count: z.int(),
      config_version: z.int(),
      completed_at: moment,
    })
    .nullable(),
  reflection: z
    .strictObject({ text: z.string(), model: z.string(), written_at: moment })
    .nullable()
    .meta({ description: 'What a language model wrote to them about the result.' }),
  remarks: z
    .array(
      z.strictObject({
        item_id: z.string(),
        answer: z
          .string()
          .meta({ description: 'The one that it is about, which may have been changed since.' }),
        text: z.string(),
        model: z.string(),
      }),
    )
    .meta({ description: 'What a language model remarked on answers, in the order in which it did.' }),
  moves: z.array(Move).meta({ description: 'The newest first, 100 at most.' }),
  has_bio: z.boolean().meta({ description: 'Whether there is a bio that the caller may read.' }),
  document_count: z.int().meta({ description: 'How many stored documents the caller may read.' }),
}).meta({ id: 'ParticipantDetails' })

/** The newest first. */
export const participantOrder = keyset('participants', { ref_id: refId })
const campaign = refId.optional().meta({ description: 'Only those of this campaign.' })
export const ParticipantQuery = z.strictObject({
  ...pageParameters(participantOrder),
  client_status: clientStatus.optional().meta({ description: 'Only those with this status.' }),
  campaign,
  search: z.string().trim().min(1).max(100).optional().meta({
    description: 'Only those whose name or address has this in it, in any case.',
  }),
  format: z.enum(['json', 'csv']).optional().meta({
    description:
      'csv is all of them from the cursor on, whatever limit says. If it is missing, the header Accept decides.',
  }),
})
export const Participants = z
  .strictObject({ participants: z.array(Participant), next_cursor: nextCursor })
  .meta({ id: 'Participants' })

export const ParticipantPath = z.object({ participant: refId })
export const ParticipantMove = z
  .strictObject({ client_status: clientStatus })
  .meta({ id: 'ParticipantMove', description: 'Where the participant goes in the pipeline.' })

const Variant = z.strictObject({
  started: z.int().meta({ description: 'How many began a session from it.' }),
  completed: z.int(),
  converted: z.int(),
})

export const PipelineQuery = z.strictObject({ campaign })
export const Pipeline = z
  .strictObject({
    statuses: z.strictObject(
      Object.fromEntries(clientStatuses.map((status) => [status, z.int()])) as Record<
        (typeof clientStatuses)[number],
        z.ZodInt
      >,
    ),
    total: z.int(),
    completed_share: z
      .number()
      .nullable()
      .meta({ description: 'Of all participants, how many have completed: 0 to 1. null if there are none.' }),
    converted_share: z
      .number()
      .nullable()
      .meta({ description: 'Of those who have completed, how many have become clients: 0 to 1.' }),
    landing_variants: z.strictObject({ personas: Variant, plain: Variant }).nullable().meta({
      description: 'What became of those who saw each landing. null unless a campaign is named.',
    }),
  })
  .meta({ id: 'Pipeline', description: 'How many participants have each status.' })

const maxDays = 400
export const CompletionQuery = z
  .strictObject({
    since: offsetMoment.optional().meta({ description: '30 days ago unless said otherwise.' }),
    until: offsetMoment.optional().meta({ description: 'Now unless said otherwise.' }),
    campaign,
  })
  .refine(
    ({ since, until }) => {
      const end = until === undefined ? Date.now() : Date.parse(until)
      const days = since === undefined ? 30 : (end - Date.parse(since)) / 86_400_000
      return days > 0 && days <= maxDays
    },
    { path: ['since'], error: `must lie before until, by ${maxDays} days at most` },
  )
export const Completions = z
  .strictObject({
    time_zone: z.string().meta({ description: 'The zone in which a day begins and ends.' }),
    days: z.array(
      z.strictObject({ day: z.iso.date(), framework_id: z.string(), mode: z.string(), count: z.int() }),
    ),
  })
  .meta({
    id: 'Completions',
    description: 'Completed assessments by day and format. A day without one has no entry.',
  })

export type Completions = z.infer<typeof Completions>
export type CompletionQuery = z.output<typeof CompletionQuery>
export type Participant = z.infer<typeof Participant>
export type ParticipantDetails = z.infer<typeof ParticipantDetails>
export type ParticipantMove = z.infer<typeof ParticipantMove>
export type ParticipantQuery = z.output<typeof ParticipantQuery>
export type Participants = z.infer<typeof Participants>
export type Pipeline = z.infer<typeof Pipeline>
