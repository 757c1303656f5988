import { z } from 'zod'
import { body, describeRoute, Problem, router, validationProblem } from '../../lib/http/index.ts'
import {
  maxVoids,
  UsageVoid,
  UsageVoidBatchResult,
  UsageVoidResult,
  voidUsageEvents,
} from '../../lib/usage/index.ts'
import { answerEach, checkItem, readBatch } from './batches.ts'

const Shown = z.union([UsageVoid, z.strictObject({ events: z.array(UsageVoid).min(1).max(maxVoids) })])
const Answer = z.union([UsageVoidBatchResult, UsageVoidResult])

export const voids = router({ auth: 'member', permission: 'manage', service: true, key: 'voids:write' }).post(
  '/',
  describeRoute(
    'Void one usage event, or up to 1,000, so that they no longer count',
    {
      200: { description: 'The result of each event of a batch, or of the single event.', schema: Answer },
    },
    ['event_not_found'],
  ),
  body(z.looseObject({}), { shownAs: Shown, anyText: true }),
  async (c) => {
    const sent = c.req.valid('json')
    const { db, tenant } = c.var
    const store = (good: UsageVoid[]) => voidUsageEvents(db, tenant.id, good)
    if ('events' in sent) {
      const events = await answerEach(UsageVoid, readBatch(sent, maxVoids), store)
      const voided = events.filter(({ status }) => status === 'voided').length
      return c.json({ voided, rejected: events.length - voided, events } satisfies UsageVoidBatchResult)
    }
    const checked = checkItem(UsageVoid, sent)
    if (!checked.ok) throw validationProblem('invalid_body', checked.errors)
    const [outcome] = await store([checked.data])
    if (!outcome) throw new Error('The database said nothing about the event.')
    if (outcome.status === 'voided') return c.json(outcome)
    throw new Problem('event_not_found', 'There is no such usage event in this tenant.', {
      errors: outcome.errors ?? [],
    })
  },
)
