import { z } from 'zod'

/**
 * The parts of a resolved configuration: what is there when the overrides of a tenant are merged into the base of a
 * framework. Requirement 000 lists them.
 */
const text = (max: number) => z.string().min(1).max(max)
/** JavaScript gives these names a meaning of their own. */
const reserved = ['constructor', 'prototype']
const word = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,39}$/)
  .refine((given) => !reserved.includes(given), 'is a reserved name')
const position = z.int().min(0).max(10_000)
const share = z.number().min(0).max(1)
const weights = z.record(word, z.number().min(-100).max(100))

const Archetype = z.strictObject({
  position,
  name: text(100),
  colour: z.string().regex(/^#[0-9a-fA-F]{6}$/, 'must be a colour such as #8C2F1B'),
  emoji: text(16),
  description: text(2_000),
  strengths: z.array(text(200)).max(20),
  shadows: z.array(text(200)).max(20),
})

const Voice = z.strictObject({
  system_prompt: text(8_000),
  tone_directives: z.array(text(300)).max(30),
  language: text(16),
})

const Scoring = z.strictObject({
  engine: z.strictObject({
    scale_min: z.number().min(0).max(1_000),
    scale_max: z.number().min(1).max(1_000),
    decimals: z.int().min(0).max(3),
    /** An item without an answer counts for nothing, or as if the middle was chosen. */
    missing: z.enum(['skip', 'neutral']),
    /** Who goes first when two have the same score. */
    tie_break: z.array(word).max(50),
  }),
  severity_bands: z.record(
    word,
    z.strictObject({
      label: text(100),
      from: z.number().min(0).max(1_000),
      to: z.number().min(0).max(1_000),
    }),
  ),
  combinations: z
    .array(z.strictObject({ primary: word, secondary: word, title: text(100), description: text(2_000) }))
    .max(100),
})

const Item = z.strictObject({
  position,
  prompt: text(1_000),
  weights: weights.optional(),
  options: z.record(word, z.strictObject({ position, label: text(300), weights })).optional(),
})

const Mode = z.strictObject({
  is_enabled: z.boolean(),
  kind: z.enum(['scale', 'choice']),
  title: text(200),
  intro: text(2_000),
  scale: z
    .strictObject({
      min: z.int().min(0).max(10),
      max: z.int().min(1).max(10),
      labels: z.record(z.string().regex(/^\d{1,2}$/), text(100)),
    })
    .optional(),
  items: z.record(word, Item),
})

const Landing = z.strictObject({
  headline: text(200),
  personas: z.array(z.strictObject({ id: word, name: text(100), description: text(1_000) })).max(20),
  traffic_split: share,
  capture_gate: z.enum(['none', 'soft', 'hard']),
})

const Words = z.strictObject({
  subject: text(200).regex(/^\P{Cc}*$/u, 'must be one line without control characters'),
  body_html: text(50_000).regex(/^(?:[\r\n\t]|\P{Cc})*$/u, 'must be text without control characters'),
})

const Communications = z.strictObject({
  email_templates: z.record(word, Words),
  followups: z
    .array(z.strictObject({ id: word, after_hours: z.int().min(1).max(8_760), template: word }))
    .max(20),
  booking_url: z
    .url({ protocol: /^https$/ })
    .max(2_000)
    .optional(),
})

const Results = z.strictObject({
  /** By score, as declared, or in this order. */
  ordering: z.union([z.enum(['score', 'declared']), z.array(word).max(50)]),
  depth_thresholds: z.strictObject({ secondary: share, combination: share }),
  spider_chart_enabled: z.boolean(),
})

/** Questions read aloud on the participant's page. */
const Reading = z.strictObject({
  is_enabled: z.boolean(),
  /** The participant's browser, with its own voices. There is no other. */
  provider: z.enum(['browser']).optional(),
  /** The name of the voice that is taken where a browser has it. Without one it is the brand's voice_id. */
  model: text(100).optional(),
})

/** Texts that a language model writes, by the tenant's provider. */
const Writing = z.strictObject({
  is_enabled: z.boolean(),
  /** The most that the model may write. Another number costs another amount. */
  max_tokens: z.int().min(100).max(2_000).optional(),
})

const Remarks = Writing.extend({ max_per_session: z.int().min(1).max(20).optional() })

const TestClient = z.strictObject({
  id: word,
  name: text(100),
  description: text(1_000).optional(),
  answers: z.record(word, z.union([z.number(), word])).optional(),
})

/** What a participant's page, the scoring and the follow-ups read. */
export const ResolvedConfig = z
  .strictObject({
    archetypes: z.record(word, Archetype),
    voice: Voice,
    scoring: Scoring,
    modes: z.record(word, Mode),
    landing: Landing,
    communications: Communications,
    results: Results,
    providers: z.strictObject({ reflection: Writing, micro_insight: Remarks, voice: Reading }),
    test_clients: z.array(TestClient).max(50),
  })
  .meta({ id: 'ResolvedConfig', description: 'A framework as it is for one tenant.' })
export type ResolvedConfig = z.infer<typeof ResolvedConfig>

/** Which column of a tenant's configuration changes which part. */
export const partOf = {
  archetype_overrides: 'archetypes',
  voice_overrides: 'voice',
  scoring_overrides: 'scoring',
  mode_overrides: 'modes',
  landing_overrides: 'landing',
  communications: 'communications',
  results_display: 'results',
  providers: 'providers',
  test_clients: 'test_clients',
} as const satisfies Record<string, keyof ResolvedConfig>
export type Column = keyof typeof partOf
export const columns = Object.keys(partOf) as Column[]

/** The nine columns. An object has only what differs from the base, and null where the base's value is removed. */
export const overrides = Object.fromEntries(
  columns.map((column) => [column, overriding(ResolvedConfig.shape[partOf[column]])]),
) as Record<Column, z.ZodType>
export type Overrides = Record<Column, unknown>

/** The same schema with everything optional, and null for what is removed. A list is replaced as a whole. */
function overriding(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional) return overriding(schema.unwrap() as z.ZodType)
  if (schema instanceof z.ZodRecord)
    return z.record(schema.keyType as typeof word, overriding(schema.valueType as z.ZodType).nullable())
  if (schema instanceof z.ZodObject) {
    const shape = Object.entries(schema.shape as Record<string, z.ZodType>)
    return z.strictObject(
      Object.fromEntries(shape.map(([name, inner]) => [name, overriding(inner).nullable().optional()])),
    )
  }
  return schema
}
