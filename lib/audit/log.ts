import { type Db, type Keyset, Problem, pageOf, sql } from '../db/index.ts'
import { breakOf } from './chain.ts'
import {
  type AuditEvent,
  type AuditEvents,
  type AuditQuery,
  type AuditVerification,
  auditOrder,
  type PlatformAuditQuery,
  platformAuditOrder,
} from './schema.ts'

/** All but metadata, which a page shows as JSON and an export as the text that was hashed. */
export const auditColumns = sql`
  a.tenant_id, a.seq, a.id, a.project_id, a.actor_id, a.actor_name, a.actor_type, a.action, a.crud, a.target_id,
  a.target_type, a.target_name, a.product, a.component, a.description, a.is_failure, a.is_anonymous, a.payload_hash,
  a.source_ip, a.user_agent, a.request_id,
  to_char(a.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as created_at,
  a.prev_hash, a.hash`

type StoredEvent = Omit<AuditEvent, 'seq'> & { seq: string }

/**
 * A page of a tenant's audit log, newest first. Reading is recorded in the log too, at most once a minute for
 * each reader. 404 tenant_not_found, 403 forbidden without "read_admin".
 */
export async function readAuditLog(db: Db, tenantId: string, query: AuditQuery): Promise<AuditEvents> {
  const { limit, cursor, actor, action, target, product, project, request_id, since, until, is_failure } =
    query
  const found = await db.query<StoredEvent>(sql`
    select ${auditColumns}, a.metadata
    from public.read_audit_log(${tenantId}, before_seq => ${cursor?.seq}, max_rows => ${limit + 1}, actor => ${actor},
      action => ${action}, target => ${target}, product => ${product}, from_at => ${since}, until_at => ${until},
      is_failure => ${is_failure}, project => private.ulid_to_uuid(${project}), request_id => ${request_id}) as a`)
  return pageOfEvents(auditOrder, found, limit)
}

/** One row of it. 404 not_found, also for a row that comes later. */
export async function readAuditEvent(db: Db, tenantId: string, seq: number): Promise<AuditEvent> {
  const { events } = await readAuditLog(db, tenantId, { limit: 1, cursor: { seq: seq + 1 } })
  const [event] = events
  if (event?.seq !== seq) throw new Problem('not_found', 'This audit log has no row with this seq.')
  return event
}

/**
 * A page of the logs of all tenants as one, newest first, or of one tenant: by its slug or ref_id, and by its ref_id also
 * when it was purged. For the service. The reading is recorded in the log of the tenant that was asked for, or in the
 * platform's own. 404 tenant_not_found.
 */
export async function readPlatformAuditLog(
  db: Db,
  tenant: string | undefined,
  query: PlatformAuditQuery,
): Promise<AuditEvents> {
  const { limit, cursor, actor, action, target, product, project, request_id, since, until, is_failure } =
    query
  const found = await db.query<StoredEvent>(sql`
    select ${auditColumns}, a.metadata
    from private.read_platform_audit_log(before_id => ${cursor?.id}, max_rows => ${limit + 1}, tenant => ${tenant},
      actor => ${actor}, action => ${action}, target => ${target}, product => ${product},
      project => private.ulid_to_uuid(${project}), from_at => ${since}, until_at => ${until}, is_failure => ${is_failure},
      request_id => ${request_id}) as a`)
  return pageOfEvents(platformAuditOrder, found, limit)
}

function pageOfEvents(order: Keyset, found: StoredEvent[], limit: number): AuditEvents {
  const events = found.map((event) => ({ ...event, seq: Number(event.seq) }))
  const { rows, next_cursor } = pageOf(order, events, limit)
  return { events: rows, next_cursor }
}

/** The last row that a walk along a chain has reached. */
export interface ChainStep {
  last_seq: string
  last_hash: string
  is_end: boolean
  break_seq: string | null
  problem: string | null
}

/** Walks a chain to its end or its first break, batch by batch. `step` reads the batch after a row. */
export async function walkChain(
  tenant: string,
  step: (afterSeq: number, afterHash: string | null) => Promise<ChainStep>,
): Promise<AuditVerification> {
  let checkpoint = { tenant, seq: 0, hash: '0'.repeat(64) }
  for (;;) {
    const walked = await step(checkpoint.seq, checkpoint.seq === 0 ? null : checkpoint.hash)
    const { problem, break_seq, is_end } = walked
    checkpoint = { tenant, seq: Number(walked.last_seq), hash: walked.last_hash }
    if (problem !== null) {
      const seq = break_seq === null ? null : Number(break_seq)
      return { is_intact: false, checkpoint, break: breakOf(problem, seq) }
    }
    if (is_end) return { is_intact: true, checkpoint, break: null }
  }
}

/** Whether a tenant's chain holds, and the first place where it does not. That it was asked is recorded. */
export function verifyAuditLog(db: Db, tenantId: string): Promise<AuditVerification> {
  return walkChain(tenantId, (afterSeq, afterHash) =>
    db.one<ChainStep>(sql`
      select last_seq, last_hash, is_end, break_seq, problem
      from private.verify_audit_log(${tenantId}, ${afterSeq}, ${afterHash})`),
  )
}
