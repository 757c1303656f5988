import { z } from 'zod'
import { moment } from '../../db/index.ts'

/** What an agent finds out about a new tenant. */
export const OnboardingRun = z
  .strictObject({
    ref_id: z.string(),
    status: z.enum(['pending', 'researching', 'review', 'completed']),
    research_output: z.string().nullable(),
    context_file_ref: z.string().nullable(),
    note: z.string().nullable().meta({ description: 'Why it was sent back to the agent.' }),
    reviewed_at: moment.nullable(),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'OnboardingRun' })
export type OnboardingRun = z.infer<typeof OnboardingRun>

/** What an agent hands in. */
export const Research = z
  .strictObject({
    research_output: z.string().min(1).max(200_000),
    context_file_ref: z.string().min(1).max(255).optional(),
  })
  .meta({ id: 'OnboardingResearch' })
export type Research = z.infer<typeof Research>

/** What a reviewer says. */
export const Review = z
  .strictObject({
    is_approved: z.boolean(),
    note: z.string().trim().min(1).max(2_000).optional().meta({ description: 'Needed to send it back.' }),
  })
  .meta({ id: 'OnboardingReview' })
export type Review = z.infer<typeof Review>
