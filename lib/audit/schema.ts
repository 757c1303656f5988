import { z } from 'zod'

const text = z.string().nullable()

/** What was done in a tenant, by whom and from where: a row of the audit log. */
export const AuditEvent = z
  .strictObject({
    tenant_id: z.string(),
    seq: z.int().meta({ description: '1, 2, 3, … within the tenant, without a gap.' }),
    id: z.string(),
    project_id: text,
    actor_id: text.meta({ description: "A person's or a key's ref_id; service_role; cron; database." }),
    actor_name: text,
    actor_type: z.enum(['user', 'api_key', 'service', 'system', 'anonymous']),
    action: z.string(),
    crud: z.enum(['c', 'r', 'u', 'd']),
    target_id: text,
    target_type: text,
    target_name: text,
    product: text,
    component: z.string().meta({ description: 'Which way it came: rest, functions, cron or database.' }),
    description: text,
    is_failure: z.boolean(),
    is_anonymous: z.boolean(),
    payload_hash: z.string(),
    source_ip: text,
    user_agent: text,
    request_id: text,
    created_at: z.iso.datetime(),
    prev_hash: z.string(),
    hash: z.string(),
    metadata: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEvent' })

export const AuditPage = z
  .strictObject({ events: z.array(AuditEvent), next: z.string().nullable() })
  .meta({ id: 'AuditPage', description: '`next` is what `cursor` must be for older ones; null at the end.' })

const filter = z.string().min(1).max(200)

/** Which rows of the log. */
export const AuditQuery = z.strictObject({
  actor: filter.optional(),
  action: filter.optional(),
  target: filter.optional(),
  product: filter.optional(),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
  is_failure: z
    .enum(['true', 'false'])
    .transform((flag) => flag === 'true')
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).optional(),
  cursor: z
    .string()
    .max(40)
    .transform((cursor, context) => {
      const seq = /^before:([1-9]\d{0,15})$/.exec(decode(cursor))?.[1]
      if (seq !== undefined) return Number(seq)
      context.addIssue('must be what "next" held')
      return z.NEVER
    })
    .optional(),
})

/** The cursor of the page that follows a row. It is opaque: its content may change. */
export function cursorBefore(seq: number): string {
  return btoa(`before:${seq}`).replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_')
}

function decode(cursor: string): string {
  try {
    return atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))
  } catch {
    return ''
  }
}

export const ExportQuery = z.strictObject({ format: z.enum(['csv', 'jsonl']) })

export const AuditVerdict = z
  .strictObject({
    is_intact: z.boolean(),
    checkpoint: z.strictObject({ tenant: z.string(), seq: z.int(), hash: z.string() }).meta({
      description:
        'The last row that was verified. Keep it elsewhere: it shows later that nothing before it was changed.',
    }),
    break: z
      .strictObject({ seq: z.int().nullable(), problem: z.string(), detail: z.string() })
      .nullable()
      .meta({ description: 'The first place where the chain does not hold.' }),
  })
  .meta({ id: 'AuditVerdict' })

export const NewViewerToken = z
  .strictObject({ ttl_seconds: z.int().min(60).max(900).optional() })
  .meta({ id: 'NewViewerToken' })
export const ViewerToken = z
  .strictObject({ token: z.string(), expires_at: z.union([z.iso.datetime(), z.date()]) })
  .meta({
    id: 'ViewerToken',
    description: 'Shown once. Reads the audit log of this tenant and nothing else.',
  })
export const RevokedViewerTokens = z.strictObject({ revoked: z.int() }).meta({ id: 'RevokedViewerTokens' })

export type AuditEvent = z.infer<typeof AuditEvent>
export type AuditPage = z.infer<typeof AuditPage>
export type AuditQuery = z.output<typeof AuditQuery>
export type AuditVerdict = z.infer<typeof AuditVerdict>
