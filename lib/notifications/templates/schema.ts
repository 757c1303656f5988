import { z } from 'zod'
import { BrandChange } from '../../branding/index.ts'
import { keyset, moment, nextCursor, pageParameters } from '../../db/index.ts'

const slug = z.string().regex(/^[a-z][a-z0-9_]{0,99}$/, 'must be lowercase letters, digits and _')
const locale = z
  .string()
  .regex(
    /^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$/,
    'must be a language tag, such as en or de-CH',
  )
/** No control character but the ends of lines. */
const lines = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^(?:[\r\n\t]|\P{Cc})*$/u, 'must be text without control characters')

export const EmailTemplateVariable = z
  .strictObject({
    key: z.string().regex(/^[a-z][a-z0-9_]{0,39}(\.[a-z][a-z0-9_]{0,39}){0,3}$/, 'must be a name'),
    description: z.string().max(300).default(''),
    required: z.boolean().default(false),
  })
  .meta({ id: 'EmailTemplateVariable', description: 'What may stand in double braces: {{author.name}}.' })
export type EmailTemplateVariable = z.output<typeof EmailTemplateVariable>

export const NewEmailTemplate = z
  .strictObject({
    name: z.string().trim().min(1).max(255),
    subject: z
      .string()
      .min(1)
      .max(500)
      .regex(/^[^\r\n]*$/, 'must be one line'),
    body_html: lines(100_000).min(1),
    body_text: lines(100_000)
      .nullish()
      .transform((text) => text || null)
      .meta({ description: 'Made from the HTML if it is left out.' }),
    variables: z.array(EmailTemplateVariable).max(50).default([]).meta({
      description: 'Of a template of your own. One that takes the place of a global one has its variables.',
    }),
    is_active: z.boolean().default(true),
    send_via: z
      .enum(['sendgrid', 'ses', 'smtp'])
      .nullish()
      .transform((via) => via ?? null),
  })
  .meta({ id: 'NewEmailTemplate' })
export type NewEmailTemplate = z.output<typeof NewEmailTemplate>

export const EmailTemplate = z
  .strictObject({
    slug: z.string(),
    locale: z.string(),
    name: z.string(),
    subject: z.string(),
    body_html: z.string(),
    body_text: z.string().nullable(),
    variables: z.array(EmailTemplateVariable),
    category: z.enum(['approval', 'report_delivery', 'onboarding', 'billing', 'alert', 'custom']),
    is_global: z
      .boolean()
      .meta({ description: 'Whether these are the words that every tenant begins with.' }),
    is_active: z.boolean(),
    send_via: z.enum(['sendgrid', 'ses', 'smtp']).nullable(),
    version: z.int().min(1).meta({ description: 'Grows with every change of the words.' }),
    revision: z.string().meta({
      description: 'Also the ETag. Another one after each change; "0" where you have no words of your own.',
    }),
    updated_at: moment,
  })
  .meta({ id: 'EmailTemplate' })
export type EmailTemplate = z.infer<typeof EmailTemplate>

/** By slug, then by language. */
export const templateOrder = keyset('email_templates', { slug, locale })
export const EmailTemplateQuery = z.strictObject(pageParameters(templateOrder))
export type EmailTemplateQuery = z.output<typeof EmailTemplateQuery>
export const EmailTemplates = z
  .strictObject({ email_templates: z.array(EmailTemplate), next_cursor: nextCursor })
  .meta({ id: 'EmailTemplates' })
export type EmailTemplates = z.infer<typeof EmailTemplates>

export const EmailTemplatePath = z.object({ template: slug, locale })
export type EmailTemplatePath = z.infer<typeof EmailTemplatePath>

export const EmailTemplateDiff = z
  .strictObject({
    slug: z.string(),
    locale: z.string(),
    own_version: z.int(),
    global_version: z.int(),
    changes: z
      .array(
        z.strictObject({
          field: z.enum(['name', 'subject', 'body_html', 'body_text', 'is_active', 'send_via']),
          lines: z.array(z.string()).meta({
            description: 'Line by line: "- " of the global one, "+ " of your own, "  " of both.',
          }),
        }),
      )
      .meta({ description: 'The fields that differ.' }),
  })
  .meta({ id: 'EmailTemplateDiff' })
export type EmailTemplateDiff = z.infer<typeof EmailTemplateDiff>

export const PreviewRequest = z
  .strictObject({
    data: z
      .record(z.string().max(100), z.unknown())
      .default({})
      .meta({ description: 'The values of its variables.' }),
    words: NewEmailTemplate.pick({ subject: true, body_html: true, body_text: true })
      .partial()
      .default({})
      .meta({ description: 'Words that are not saved. What is left out is as it is saved.' }),
    brand: BrandChange.optional().meta({
      description: 'A change to the brand that is not saved. For those who may change it.',
    }),
  })
  .meta({ id: 'EmailPreviewRequest' })
export type PreviewRequest = z.output<typeof PreviewRequest>
export const EmailPreview = z
  .strictObject({
    subject: z.string(),
    html: z
      .string()
      .meta({ description: 'Show it in a sandboxed frame: its words are whatever somebody wrote.' }),
    text: z.string(),
    from_name: z.string(),
    reply_to: z.string().nullable(),
  })
  .meta({ id: 'EmailPreview' })
export type EmailPreview = z.infer<typeof EmailPreview>
