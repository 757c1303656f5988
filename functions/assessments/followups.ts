import { Hono } from 'hono'
import {
  cancelFollowup,
  FollowupAnswer,
  FollowupPath,
  FollowupQuery,
  Followups,
  listFollowups,
  sendFollowupNow,
} from '../../lib/assessments/index.ts'
import { askerOf, describeRoute, params, query, router } from '../../lib/http/index.ts'

const read = router({ auth: 'member', permission: 'read' }).get(
  '/',
  describeRoute('List the follow-ups, the newest first', {
    200: { description: 'A page of them.', schema: Followups },
  }),
  query(FollowupQuery),
  async (c) => c.json(await listFollowups(c.var.db, c.var.tenant.id, c.req.valid('query'))),
)

const write = router({ auth: 'member', permission: 'write' })
  .post(
    '/:followup/cancel',
    describeRoute(
      'Cancel a follow-up',
      { 200: { description: 'It is not sent. A second time it is the same.', schema: FollowupAnswer } },
      ['followup_not_found', 'followup_settled'],
    ),
    params(FollowupPath),
    async (c) =>
      c.json({ followup: await cancelFollowup(askerOf(c), c.var.tenant.id, c.req.valid('param').followup) }),
  )
  .post(
    '/:followup/send-now',
    describeRoute(
      'Send a follow-up now',
      {
        200: {
          description: 'It is due, and sent within a minute. A second time it is the same.',
          schema: FollowupAnswer,
        },
      },
      ['followup_not_found', 'followup_settled'],
    ),
    params(FollowupPath),
    async (c) =>
      c.json({
        followup: await sendFollowupNow(askerOf(c), c.var.tenant.id, c.req.valid('param').followup),
      }),
  )

/** What is sent to participants after the assessment. */
export const followups = new Hono().route('/', read).route('/', write)
