import { type Db, Problem, sql } from '../../db/index.ts'
import type { OnboardingRun, Research, Review } from './schema.ts'

const columns = sql`
  r.ref_id, r.status, r.research_output, r.context_file_ref, r.note, r.reviewed_at, r.created_at, r.updated_at`

/** The newest run of a tenant. 404 not_found. */
export async function readRun(db: Db, tenantId: string): Promise<OnboardingRun> {
  const [run] = await db.query<OnboardingRun>(sql`
    select ${columns} from public.onboarding_runs as r where r.tenant_id = ${tenantId} order by r.id desc limit 1`)
  if (run) return run
  throw new Problem('not_found', 'This tenant has no onboarding run.')
}

/** Approves what the agent found, or sends it back with a note. 404 not_found; 409 run_not_there; 422 invalid_value. */
export function reviewRun(db: Db, tenantId: string, { is_approved, note }: Review): Promise<OnboardingRun> {
  return db.one(
    sql`select ${columns} from private.review_onboarding_run(${tenantId}, ${is_approved}, ${note}) as r`,
  )
}

/** The id of a tenant that the platform names; an id that no tenant has, if there is none. */
const named = (ref: string) =>
  sql`(select t.id from public.tenants as t where t.slug = ${ref} or t.ref_id = ${ref})`

/** Says that an agent is at work. For the service. 403 contract_not_accepted; 404 not_found; 409 run_not_there. */
export function startRun(db: Db, ref: string): Promise<OnboardingRun> {
  return db.one(sql`select ${columns} from private.start_onboarding_run(${named(ref)}) as r`)
}

/** Hands in what an agent found. For the service. 404 not_found; 409 run_not_there. */
export function submitRun(db: Db, ref: string, research: Research): Promise<OnboardingRun> {
  const { research_output, context_file_ref } = research
  return db.one(sql`
    select ${columns} from private.submit_onboarding_run(${named(ref)}, ${research_output}, ${context_file_ref}) as r`)
}
