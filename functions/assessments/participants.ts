import { Hono } from 'hono'
import {
  CompletionQuery,
  Completions,
  listParticipants,
  moveParticipant,
  ParticipantDetails,
  ParticipantMove,
  ParticipantPath,
  ParticipantQuery,
  Participants,
  Pipeline,
  PipelineQuery,
  readCompletions,
  readParticipant,
  readPipeline,
  writeParticipants,
} from '../../lib/assessments/index.ts'
import { body, csvFile, describeRoute, formatOf, params, query, router } from '../../lib/http/index.ts'

const read = router({ auth: 'member', permission: 'read' })
  .get(
    '/',
    describeRoute('List the participants, the newest first', {
      200: {
        description: 'A page of them. With format=csv, or Accept: text/csv, all of them as CSV (RFC 4180).',
        schema: Participants,
        orCsv: true,
      },
    }),
    query(ParticipantQuery),
    async (c) => {
      const { db, tenant } = c.var
      const asked = c.req.valid('query')
      if (formatOf(c, asked.format) === 'json') return c.json(await listParticipants(db, tenant.id, asked))
      return csvFile(c, `participants-${tenant.slug}`, await writeParticipants(db, tenant.id, asked))
    },
  )
  .get(
    '/:participant',
    describeRoute(
      'Read a participant',
      { 200: { description: 'With answers, result and history.', schema: ParticipantDetails } },
      ['participant_not_found'],
    ),
    params(ParticipantPath),
    async (c) => c.json(await readParticipant(c.var.db, c.var.tenant.id, c.req.valid('param').participant)),
  )

const write = router({ auth: 'member', permission: 'write' }).patch(
  '/:participant',
  describeRoute(
    'Move a participant in the pipeline',
    { 200: { description: 'The participant, with the move in the history.', schema: ParticipantDetails } },
    ['participant_not_found', 'invalid_value'],
  ),
  params(ParticipantPath),
  body(ParticipantMove),
  async (c) =>
    c.json(
      await moveParticipant(c.var.db, c.var.tenant.id, c.req.valid('param').participant, c.req.valid('json')),
    ),
)

export const participants = new Hono().route('/', read).route('/', write)

export const pipeline = router({ auth: 'member', permission: 'read' })
  .get(
    '/',
    describeRoute('Count the participants of each status', {
      200: { description: 'The counts, and what share of them went on.', schema: Pipeline },
    }),
    query(PipelineQuery),
    async (c) => c.json(await readPipeline(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )
  .get(
    '/completions',
    describeRoute('Count completed assessments by day and format', {
      200: { description: 'In the time zone of the tenant.', schema: Completions },
    }),
    query(CompletionQuery),
    async (c) => c.json(await readCompletions(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )
