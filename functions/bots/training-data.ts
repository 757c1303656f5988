import { Hono } from 'hono'
import {
  addTrainingRow,
  BotPath,
  changeTrainingRow,
  deleteTrainingRow,
  importTrainingData,
  listTrainingData,
  NewTrainingRow,
  readTrainingRow,
  TrainingChange,
  TrainingImport,
  TrainingPath,
  TrainingQuery,
  TrainingRow,
  TrainingRows,
  writeTrainingData,
} from '../../lib/bots/index.ts'
import { body, csvFile, describeRoute, file, formatOf, params, query, router } from '../../lib/http/index.ts'

const read = router({ auth: 'member', permission: 'read', key: 'bots:read' })
  .get(
    '/:bot/training-data',
    describeRoute('List the training data of a bot, the newest first', {
      200: {
        description: 'A page of it. With format=csv, or Accept: text/csv, all of it as CSV (RFC 4180).',
        schema: TrainingRows,
        orCsv: true,
      },
    }),
    params(BotPath),
    query(TrainingQuery),
    async (c) => {
      const { db, tenant } = c.var
      const asked = c.req.valid('query')
      const { bot } = c.req.valid('param')
      if (formatOf(c, asked.format) === 'json')
        return c.json(await listTrainingData(db, tenant.id, bot, asked))
      return csvFile(c, `training-data-${tenant.slug}`, await writeTrainingData(db, tenant.id, bot, asked))
    },
  )
  .get(
    '/:bot/training-data/:row',
    describeRoute('Read a row of training data', { 200: { description: 'The row.', schema: TrainingRow } }),
    params(TrainingPath),
    async (c) => c.json(await readTrainingRow(c.var.db, c.var.tenant.id, c.req.valid('param'))),
  )

const write = router({ auth: 'member', permission: 'write' })
  .post(
    '/:bot/training-data',
    describeRoute('Teach a bot an answer', { 201: { description: 'The row.', schema: TrainingRow } }, [
      'limit_reached',
      'invalid_value',
    ]),
    params(BotPath),
    body(NewTrainingRow),
    async (c) => {
      const { bot } = c.req.valid('param')
      return c.json(await addTrainingRow(c.var.db, c.var.tenant.id, bot, c.req.valid('json')), 201)
    },
  )
  .post(
    '/:bot/training-data/import',
    describeRoute(
      'Teach a bot the answers of a CSV file: all of them, or none',
      { 200: { description: 'What was added and what was changed.', schema: TrainingImport } },
      ['limit_reached', 'invalid_value'],
    ),
    params(BotPath),
    file(['text/csv']),
    async (c) => {
      const { bot } = c.req.valid('param')
      return c.json(await importTrainingData(c.var.db, c.var.tenant.id, bot, c.req.valid('form').bytes))
    },
  )
  .patch(
    '/:bot/training-data/:row',
    describeRoute(
      'Change a row of training data',
      { 200: { description: 'The changed row.', schema: TrainingRow } },
      ['invalid_value'],
    ),
    params(TrainingPath),
    body(TrainingChange),
    async (c) =>
      c.json(await changeTrainingRow(c.var.db, c.var.tenant.id, c.req.valid('param'), c.req.valid('json'))),
  )
  .delete(
    '/:bot/training-data/:row',
    describeRoute('Delete a row of training data', { 204: { description: 'Deleted.' } }),
    params(TrainingPath),
    async (c) => {
      await deleteTrainingRow(c.var.db, c.var.tenant.id, c.req.valid('param'))
      return c.body(null, 204)
    },
  )

export const trainingData = new Hono().route('/', read).route('/', write)
