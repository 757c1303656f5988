import { z } from 'zod'
import type { ChosenTenant } from '../../lib/auth/index.ts'
import { body, type Db, describeRoute, router, validationProblem } from '../../lib/http/index.ts'
import {
  logUsageEvent,
  logUsageEvents,
  maxEvents,
  UsageBatchResult,
  UsageEvent,
  UsageEventResult,
} from '../../lib/usage/index.ts'
import { answerEach, checkItem, readBatch } from './batches.ts'

const Shown = z.union([UsageEvent, z.strictObject({ events: z.array(UsageEvent).min(1).max(maxEvents) })])
const Answer = z.union([UsageBatchResult, UsageEventResult])

export const events = router({ auth: 'member', permission: 'write', service: true, key: 'usage:write' }).post(
  '/',
  describeRoute(
    'Log one usage event, or a batch of up to 1,000',
    { 200: { description: 'The result of each event of a batch, or of the single event.', schema: Answer } },
    ['event_conflict', 'event_too_old', 'event_in_future', 'limit_reached'],
  ),
  // The handler tells the two shapes apart, because the errors of a union would be useless. It also looks for
  // text that cannot be stored in each event, so that one bad event does not fail its neighbours.
  body(z.looseObject({}), { shownAs: Shown, anyText: true }),
  async (c) => {
    const sent = c.req.valid('json')
    const answer = 'events' in sent ? await logBatch(c.var, sent) : await logOne(c.var, sent)
    return c.json(answer)
  },
)

interface Scope {
  db: Db
  tenant: ChosenTenant
}

async function logOne({ db, tenant }: Scope, sent: unknown): Promise<UsageEventResult> {
  const checked = checkItem(UsageEvent, sent)
  if (!checked.ok) throw validationProblem('invalid_body', checked.errors)
  return logUsageEvent(db, tenant.id, checked.data)
}

async function logBatch({ db, tenant }: Scope, sent: unknown): Promise<UsageBatchResult> {
  const items = readBatch(sent, maxEvents)
  const events: UsageEventResult[] = await answerEach(UsageEvent, items, (good) =>
    logUsageEvents(db, tenant.id, good),
  )
  const count = (status: UsageEventResult['status']) =>
    events.filter((outcome) => outcome.status === status).length
  return {
    accepted: count('accepted'),
    duplicate: count('duplicate'),
    rejected: count('rejected'),
    events,
  }
}
