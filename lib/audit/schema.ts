import { z } from 'zod'
import { keyset, moment, nextCursor, offsetMoment, pageParameters, refId } from '../db/index.ts'

const text = z.string().nullable()

/** What was done in a tenant, by whom and from where: a row of the audit log. */
export const AuditEvent = z
  .strictObject({
    tenant_id: z.string(),
    seq: z.int().meta({ description: '1, 2, 3, … within the tenant, without a gap.' }),
    id: z.string(),
    project_id: text,
    actor_id: text.meta({
      description: 'The ref_id of a person, a key or a portal token; service_role; cron; database.',
    }),
    actor_name: text,
    actor_type: z.enum(['user', 'operator', 'api_key', 'portal_token', 'service', 'system', 'anonymous']),
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
    created_at: z.iso
      .datetime({ precision: 6 })
      .meta({ description: 'To the microsecond: it is part of what is hashed.' }),
    prev_hash: z.string(),
    hash: z.string(),
    metadata: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEvent' })

export const AuditEvents = z
  .strictObject({ events: z.array(AuditEvent), next_cursor: nextCursor })
  .meta({ id: 'AuditEvents' })

/** The newest first. */
export const auditOrder = keyset('audit_events', { seq: z.int().min(1) })

const filter = z.string().min(1).max(200)

const filters = {
  actor: filter.optional(),
  action: filter.optional(),
  target: filter.optional(),
  product: filter.optional(),
  project: refId.optional().meta({ description: "A project's ref_id." }),
  request_id: filter.optional().meta({ description: 'What one request did: its x-request-id.' }),
  since: offsetMoment.optional(),
  until: offsetMoment.optional(),
  is_failure: z
    .enum(['true', 'false'])
    .transform((flag) => flag === 'true')
    .optional(),
}

/** Which rows of a tenant's log. */
export const AuditQuery = z.strictObject({ ...filters, ...pageParameters(auditOrder) })

/** The newest first. A row's id is made in the order of time, over all tenants. */
export const platformAuditOrder = keyset('platform_audit_events', { id: z.uuid() })

/** Which rows of all logs. */
export const PlatformAuditQuery = z.strictObject({
  ...filters,
  ...pageParameters(platformAuditOrder),
})

/** How a row is named within its tenant. */
export const AuditEventPath = z.object({
  seq: z.coerce
    .number()
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER - 1),
})

export const ExportQuery = z.strictObject({ format: z.enum(['csv', 'jsonl']) })

export const AuditVerification = z
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
  .meta({ id: 'AuditVerification' })

export const NewAuditViewerToken = z
  .strictObject({ ttl_seconds: z.int().min(60).max(900).optional() })
  .meta({ id: 'NewAuditViewerToken' })
export const AuditViewerToken = z
  .strictObject({ token: z.string(), ref_id: refId, expires_at: moment })
  .meta({
    id: 'AuditViewerToken',
    description: 'Shown once. Reads the audit log of this tenant and nothing else.',
  })
export const RevokedAuditViewerTokens = z
  .strictObject({ revoked: z.int() })
  .meta({ id: 'RevokedAuditViewerTokens' })

export type AuditEvent = z.infer<typeof AuditEvent>
export type AuditEvents = z.infer<typeof AuditEvents>
export type AuditQuery = z.output<typeof AuditQuery>
export type PlatformAuditQuery = z.output<typeof PlatformAuditQuery>
export type AuditVerification = z.infer<typeof AuditVerification>
