import type { Context } from 'hono'
import {
  AnswerChange,
  beginSession,
  CampaignPath,
  ContactChange,
  completeSession,
  findOffer,
  InsightAnswer,
  InsightRequest,
  NewSession,
  Offer,
  openSession,
  type Participant,
  ReceivedAnswerChange,
  ReflectionAnswer,
  readInsight,
  readReflection,
  readResult,
  SavedAnswers,
  SessionAnswer,
  saveAnswers,
  saveContact,
  TakenResultAnswer,
} from '../../lib/assessments/index.ts'
import { body, describeRoute, ifNoneMatches, params, requestHeaders, router } from '../../lib/http/index.ts'

const participantOf = (c: Context): Participant => ({
  token: c.req.header('x-session-token'),
  headers: requestHeaders(c),
})

/** Campaigns as strangers see them. */
export const campaignPages = router({ auth: 'public' })
  .get(
    '/:slug/:campaign',
    describeRoute(
      'See a campaign as its participants do',
      {
        200: { description: 'Its questions and words, with a strong ETag.', schema: Offer },
        304: { description: 'The version named in If-None-Match is still the current one.' },
      },
      ['campaign_not_found'],
    ),
    params(CampaignPath),
    async (c) => {
      const { slug, campaign } = c.req.valid('param')
      const { text, etag } = await findOffer(slug, campaign)
      const headers = { etag, 'cache-control': 'public, max-age=60' }
      if (ifNoneMatches(c.req.header('if-none-match'), etag)) return c.body(null, 304, headers)
      return c.body(text, 200, { ...headers, 'content-type': 'application/json' })
    },
  )
  .post(
    '/:slug/:campaign/sessions',
    describeRoute(
      'Begin to take an assessment',
      {
        201: {
          description: 'The session. The same token again answers the same session.',
          schema: SessionAnswer,
        },
      },
      ['campaign_not_found', 'campaign_not_open', 'token_taken', 'too_many_sessions', 'invalid_value'],
    ),
    params(CampaignPath),
    body(NewSession),
    async (c) => {
      const { slug, campaign } = c.req.valid('param')
      return c.json(
        { session: await beginSession(slug, campaign, c.req.valid('json'), requestHeaders(c)) },
        201,
      )
    },
  )

/** The session of whoever holds its token: the header x-session-token. */
export const sessions = router({ auth: 'public' })
  .get(
    '/current',
    describeRoute('Read your session', { 200: { description: 'How far it is.', schema: SessionAnswer } }, [
      'session_not_found',
    ]),
    async (c) => answered(c, { session: (await openSession(participantOf(c))).session }),
  )
  .patch(
    '/current',
    describeRoute('Say who you are', { 200: { description: 'The session.', schema: SessionAnswer } }, [
      'session_not_found',
      'campaign_not_open',
      'invalid_value',
    ]),
    body(ContactChange),
    async (c) => answered(c, { session: await saveContact(participantOf(c), c.req.valid('json')) }),
  )
  .patch(
    '/current/answers',
    describeRoute(
      'Save answers',
      {
        200: {
          description: 'How many are saved. The same answers again change nothing.',
          schema: SavedAnswers,
        },
      },
      ['session_not_found', 'session_completed', 'campaign_not_open', 'invalid_value'],
    ),
    body(ReceivedAnswerChange, { shownAs: AnswerChange }),
    async (c) => answered(c, await saveAnswers(participantOf(c), c.req.valid('json'))),
  )
  .post(
    '/current/complete',
    describeRoute(
      'Finish the assessment',
      { 200: { description: 'The result. A second time it is the same.', schema: TakenResultAnswer } },
      ['session_not_found', 'campaign_not_open', 'contact_required', 'nothing_answered', 'conflict'],
    ),
    async (c) => answered(c, { result: await completeSession(participantOf(c)) }),
  )
  .get(
    '/current/result',
    describeRoute(
      'Read your result',
      { 200: { description: 'As much of it as the campaign shows.', schema: TakenResultAnswer } },
      ['session_not_found', 'session_not_completed'],
    ),
    async (c) => answered(c, { result: await readResult(participantOf(c)) }),
  )
  .post(
    '/current/insights',
    describeRoute(
      'Have a language model remark on an answer that is saved',
      {
        200: {
          description:
            'Its remark, once for each answer. Or that it is being written, or that there is none.',
          schema: InsightAnswer,
        },
      },
      ['session_not_found', 'campaign_not_open', 'invalid_value'],
    ),
    body(InsightRequest),
    async (c) => answered(c, { insight: await readInsight(participantOf(c), c.req.valid('json').item) }),
  )
  .post(
    '/current/reflection',
    describeRoute(
      'Have a language model write about your result',
      {
        200: {
          description: 'What it has written, once. Or that it is being written, or that there is none.',
          schema: ReflectionAnswer,
        },
      },
      ['session_not_found', 'session_not_completed'],
    ),
    async (c) => answered(c, { reflection: await readReflection(participantOf(c)) }),
  )

function answered<Answer extends object>(c: Context, answer: Answer) {
  // A computer may be shared. Nobody who comes later finds the answers in its cache.
  c.header('cache-control', 'no-store')
  return c.json(answer)
}
