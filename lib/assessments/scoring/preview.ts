import { z } from 'zod'
import { type Db, Problem } from '../../db/index.ts'
import { readResolved } from '../config/queries.ts'
import { answerProblems, type Result, score } from './score.ts'

const answers = z.record(z.string().max(40), z.union([z.number(), z.string().max(40)]))

export const PreviewRequest = z
  .strictObject({
    mode: z.string().max(40).default('likert'),
    answers: answers.optional(),
    test_client: z
      .string()
      .max(40)
      .optional()
      .meta({ description: 'The id of a test client, who has answers.' }),
  })
  .refine((given) => (given.answers === undefined) !== (given.test_client === undefined), {
    message: 'must have answers or a test_client, and not both',
  })
  .meta({ id: 'ScoringPreviewRequest' })

export const ScoringPreview = z
  .strictObject({
    framework_id: z.string(),
    version: z.int().meta({ description: 'The version of your configuration that was used.' }),
    mode: z.string(),
    answered_count: z.int(),
    item_count: z.int(),
    scores: z
      .array(
        z.strictObject({ id: z.string(), name: z.string(), score: z.number(), band: z.string().nullable() }),
      )
      .meta({ description: 'The highest first.' }),
    primary_id: z.string().nullable(),
    secondary_id: z.string().nullable(),
    combination: z.strictObject({ title: z.string(), description: z.string() }).nullable(),
  })
  .meta({ id: 'ScoringPreview', description: 'What answers would say. Nothing is kept.' })

export type PreviewRequest = z.output<typeof PreviewRequest>
export type ScoringPreview = Result & { framework_id: string; version: number; mode: string }

/** Scores answers by the tenant's present configuration, or by the one that is read. 404 framework_not_found, 422 invalid_value. */
export async function previewScores(
  db: Db,
  tenantId: string,
  framework: string,
  { mode, answers, test_client }: PreviewRequest,
  read = readResolved,
): Promise<ScoringPreview> {
  const { framework_id, version, config } = await read(db, tenantId, framework, { explain: false })
  const chosen = Object.hasOwn(config.modes, mode) ? config.modes[mode] : undefined
  if (!chosen?.is_enabled) throw refused([{ pointer: '/mode', detail: 'is no mode that is enabled' }])
  const client = config.test_clients.find(({ id }) => id === test_client)
  if (test_client !== undefined && !client?.answers)
    throw refused([{ pointer: '/test_client', detail: 'is no test client with answers' }])
  const given = answers ?? client?.answers ?? {}
  const problems = answerProblems(chosen, given)
  if (problems.length > 0) throw refused(problems.slice(0, 20))
  return { framework_id, version, mode, ...score(config, chosen, given) }
}

const refused = (errors: { pointer: string; detail: string }[]) =>
  new Problem('invalid_value', 'These answers do not fit the framework.', { errors })
