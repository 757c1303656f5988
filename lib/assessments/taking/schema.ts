import { z } from 'zod'
import { emailAddress, moment, refId } from '../../db/index.ts'
import { findReservedName } from '../config/schema.ts'

const itemId = z.string().max(40)
const answer = z.union([z.number(), z.string().max(40)])
const fullName = z.string().trim().min(1).max(255)
const mode = z.string().max(40)
export const locale = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'must be a language such as en or de-CH')
/** Which landing somebody saw where there are personas: with them, or without. */
export const landingVariants = ['personas', 'plain'] as const

/** The path of a campaign: whose it is, and which. A ref_id of any spelling is none that exists. */
export const CampaignPath = z.object({ slug: z.string().max(41), campaign: z.string().max(40) })

const Item = z.strictObject({
  id: itemId,
  prompt: z.string(),
  options: z.array(z.strictObject({ id: z.string(), label: z.string() })).optional(),
})
const OfferedMode = z.strictObject({
  id: z.string(),
  kind: z.enum(['scale', 'choice']),
  title: z.string(),
  intro: z.string(),
  scale: z.strictObject({ min: z.int(), max: z.int(), labels: z.record(z.string(), z.string()) }).optional(),
  items: z.array(Item),
})

export const Offer = z
  .strictObject({
    campaign: z.strictObject({
      ref_id: refId,
      name: z.string(),
      is_open: z.boolean(),
      opens_at: moment.nullable(),
      closes_at: moment.nullable(),
      results_disclosure: z.enum(['full', 'summary', 'none']),
    }),
    framework: z.strictObject({
      framework_id: z.string(),
      name: z.string(),
      language: z.string().meta({ description: 'Of its questions and words, such as en.' }),
    }),
    landing: z.strictObject({
      headline: z.string(),
      intro: z.string().optional(),
      capture_gate: z.enum(['none', 'soft', 'hard']).meta({
        description: 'Whether contact details are asked for before the result, and whether it needs them.',
      }),
      personas: z.array(z.strictObject({ id: z.string(), name: z.string(), description: z.string() })),
      traffic_split: z.number().meta({
        description: 'To what share of participants a page shows the personas: 0 to 1. The others see none.',
      }),
    }),
    modes: z
      .array(OfferedMode)
      .meta({ description: 'The formats to choose from, each with its questions in order.' }),
    chart: z.boolean().meta({ description: 'Whether a full result is drawn as a chart.' }),
    has_insights: z.boolean().meta({
      description: 'Whether a model may have a remark on an answer: POST …/current/insights.',
    }),
    reads_aloud: z.boolean().meta({
      description: 'Whether the page may read questions aloud, with the voices of the browser.',
    }),
    voice_name: z.string().nullable().meta({
      description: 'The name of the voice that the tenant would like best. null: none, or nothing is read.',
    }),
    booking_url: z.string().nullable(),
  })
  .meta({ id: 'AssessmentOffer', description: 'What a participant sees of a campaign before it begins.' })

/** Details come with the consent to use them, now or before. */
const contact = {
  email: emailAddress.optional(),
  full_name: fullName.optional(),
  has_consented: z
    .boolean()
    .optional()
    .meta({ description: 'Whether the tenant may use the contact details.' }),
}
const consents = (given: { email?: unknown; has_consented?: unknown }) =>
  given.email === undefined || given.has_consented === true
const consentMissing = { path: ['has_consented'], error: 'must be true if an e-mail address is given' }

export const NewSession = z
  .strictObject({
    token: z
      .string()
      .regex(/^[\w-]{43}$/, 'must be 32 random bytes as base64url, which are 43 characters')
      .meta({ description: 'Made by the browser: 32 random bytes as base64url. It opens the session.' }),
    mode: mode.optional(),
    locale: locale.optional(),
    landing_variant: z.enum(landingVariants).optional().meta({
      description: 'Whether the page had shown the personas. It is kept only if the campaign has some.',
    }),
    ...contact,
  })
  .refine(consents, consentMissing)
  .meta({ id: 'NewAssessmentSession' })

export const ContactChange = z
  .strictObject(contact)
  .refine((given) => Object.keys(given).length > 0, 'must say something')
  .refine(consents, consentMissing)
  .meta({ id: 'ContactChange' })

export const AnswerChange = z
  .strictObject({
    answers: z
      .record(itemId, answer.nullable())
      .refine((given) => Object.keys(given).length > 0, 'must have an answer')
      .meta({ description: 'By the ids of the items. null takes an answer back; others stay as they are.' }),
  })
  .meta({ id: 'AnswerChange' })

/** The same, after a search for names that the schema of an object passes over without a word. */
export const ReceivedAnswerChange = z
  .unknown()
  .superRefine((given, context) => {
    const found = findReservedName(given)
    if (found)
      context.addIssue({ code: 'custom', path: found.split('/').slice(1), message: 'is a reserved name' })
  })
  .pipe(AnswerChange)

export const SavedAnswers = z
  .strictObject({ answered_count: z.int(), item_count: z.int(), saved_at: moment })
  .meta({ id: 'SavedAnswers' })

export const Session = z
  .strictObject({
    ref_id: refId,
    campaign: z.strictObject({ ref_id: refId, tenant_slug: z.string() }),
    mode,
    locale: z.string().nullable(),
    client_status: z.enum(['registered', 'started', 'completed', 'contacted', 'converted', 'archived']),
    email: z.string().nullable(),
    full_name: z.string().nullable(),
    has_consented: z.boolean(),
    answers: z.record(itemId, answer),
    answered_count: z.int(),
    item_count: z.int(),
    started_at: moment.nullable(),
    completed_at: moment.nullable(),
    expires_at: moment,
  })
  .meta({
    id: 'AssessmentSession',
    description: 'A participant’s way through an assessment, for whoever holds its token.',
  })
export const SessionAnswer = z.strictObject({ session: Session }).meta({ id: 'AssessmentSessionAnswer' })

const Part = z.strictObject({
  id: z.string(),
  name: z.string(),
  colour: z.string(),
  emoji: z.string(),
  description: z.string(),
  strengths: z.array(z.string()).optional(),
  shadows: z.array(z.string()).optional(),
})

export const TakenResult = z
  .strictObject({
    disclosure: z.enum(['full', 'summary', 'none']),
    answered_count: z.int(),
    item_count: z.int(),
    primary: Part.optional(),
    secondary: Part.optional(),
    combination: z.strictObject({ title: z.string(), description: z.string() }).optional(),
    scores: z
      .array(
        z.strictObject({
          id: z.string(),
          name: z.string(),
          colour: z.string(),
          score: z.number(),
          band: z.strictObject({ id: z.string(), label: z.string() }).optional(),
        }),
      )
      .optional()
      .meta({
        description: 'In the order in which the tenant shows them. Only if the result is shown in full.',
      }),
    scale: z.strictObject({ min: z.number(), max: z.number() }).optional(),
    chart: z.boolean(),
    has_reflection: z.boolean().meta({
      description: 'Whether a model may have something to say about it: POST …/current/reflection.',
    }),
    booking_url: z.string().nullable(),
  })
  .meta({ id: 'TakenResult', description: 'A result, as far as the campaign shows it.' })
export const TakenResultAnswer = z.strictObject({ result: TakenResult }).meta({ id: 'TakenResultAnswer' })

export type AnswerChange = z.output<typeof AnswerChange>
export type ContactChange = z.output<typeof ContactChange>
export type NewSession = z.output<typeof NewSession>
export type Offer = z.infer<typeof Offer>
export type SavedAnswers = z.infer<typeof SavedAnswers>
export type Session = z.infer<typeof Session>
export type TakenResult = z.infer<typeof TakenResult>
