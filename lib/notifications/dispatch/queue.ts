import { admin, named, sql } from '../../db/index.ts'
import {
  type DispatchLimits,
  type DispatchReport,
  dispatch,
  type ItemResult,
  type LeasedItem,
  leaseSeconds,
  type Queue,
} from '../../queue/index.ts'
import { type Attempt, deliver, type ReadyJob } from './deliver.ts'

/** A job that is ours until its lease ends. Its lane is the provider. */
interface LeasedJob extends LeasedItem {
  /** Null if there is nothing to send any more. */
  job: ReadyJob | null
}

type JobResult = ItemResult & Partial<Omit<Attempt, keyof ItemResult>>

// All of these use the service's own connection, because no caller may read or write the queue.
const queue: Queue<LeasedJob, JobResult> = {
  name: 'notifications',

  async expand(batch) {
    const { expanded } = await admin.one<{ expanded: number }>(
      named('expand_notification_jobs', sql`select private.expand_notification_jobs(${batch}) as expanded`),
    )
    return expanded
  },

  claim: (batch, slowBatch) =>
    admin.query<LeasedJob>(
      named(
        'claim_notification_jobs',
        sql`select tenant_id, lane_id, item_id, lease_id, attempt_number, ordering_key, is_slow, job
          from private.claim_notification_jobs(${batch}, ${leaseSeconds}, ${slowBatch})`,
      ),
    ),

  async send({ job, is_slow: _, ...item }) {
    const nothing = { ...item, duration_ms: 0, block_seconds: null, stop_reason: null }
    if (job === null) return { ...nothing, outcome: 'dropped' }
    try {
      const {
        duration_ms,
        retry_after_seconds: block_seconds,
        ...attempt
      } = await deliver(job, () => begin(job))
      return { ...nothing, ...attempt, duration_ms, block_seconds, outcome: outcomeOf(attempt.status) }
    } catch (thrown) {
      // Settings that cannot be read, or a template that cannot be rendered: a person has to change them.
      const detail = thrown instanceof Error ? thrown.message.slice(0, 1_000) : 'It could not be sent.'
      return { ...nothing, outcome: 'failed', dispatched: 'failed', detail, provider: job.provider }
    }
  },

  async complete(results, slot) {
    const { completed } = await admin.one<{ completed: number }>(
      named(
        'complete_notification_jobs',
        sql`select private.complete_notification_jobs(${JSON.stringify(results)}::jsonb, ${slot}) as completed`,
      ),
    )
    return completed
  },

  laneName: ({ job }) => job?.provider ?? 'none',
}

/** Sends the messages that are due, until nothing is left or the limits are reached. */
export function dispatchNotifications(limits: Partial<DispatchLimits> = {}): Promise<DispatchReport> {
  return dispatch(queue, limits)
}

async function begin({ tenant_id, job_id, provider_id, provider }: ReadyJob): Promise<boolean> {
  const { is_ours } = await admin.one<{ is_ours: boolean }>(
    sql`select private.begin_phone_message(${tenant_id}, ${job_id}, ${provider_id}, ${provider}) as is_ours`,
  )
  return is_ours
}

/** A message that its receiver refused for good says nothing of the provider. */
function outcomeOf(status: Attempt['status']): ItemResult['outcome'] {
  if (status === 'sent') return 'succeeded'
  return status === null ? 'failed' : 'dropped'
}
