import { Hono } from 'hono'
import {
  BotPath,
  BotPlan,
  BotPlanChange,
  BotPlanPath,
  BotPlanQuery,
  BotPlans,
  changeBotPlan,
  createBotPlan,
  deleteBotPlan,
  listBotPlans,
  NewBotPlan,
  readBotPlan,
} from '../../lib/bots/index.ts'
import { body, describeRoute, params, query, router } from '../../lib/http/index.ts'

const read = router({ auth: 'member', permission: 'read', key: 'bots:read' })
  .get(
    '/:bot/plans',
    describeRoute('List what the contacts of a bot can subscribe to, the newest first', {
      200: { description: 'A page of plans.', schema: BotPlans },
    }),
    params(BotPath),
    query(BotPlanQuery),
    async (c) =>
      c.json(await listBotPlans(c.var.db, c.var.tenant.id, c.req.valid('param').bot, c.req.valid('query'))),
  )
  .get(
    '/:bot/plans/:plan',
    describeRoute('Read a plan of a bot', { 200: { description: 'The plan.', schema: BotPlan } }),
    params(BotPlanPath),
    async (c) => c.json(await readBotPlan(c.var.db, c.var.tenant.id, c.req.valid('param'))),
  )

const manage = router({ auth: 'member', permission: 'manage' })
  .post(
    '/:bot/plans',
    describeRoute('Create a plan of a bot', { 201: { description: 'The plan.', schema: BotPlan } }, [
      'limit_reached',
      'invalid_value',
    ]),
    params(BotPath),
    body(NewBotPlan),
    async (c) => {
      const { bot } = c.req.valid('param')
      return c.json(await createBotPlan(c.var.db, c.var.tenant.id, bot, c.req.valid('json')), 201)
    },
  )
  .patch(
    '/:bot/plans/:plan',
    describeRoute(
      'Change a plan of a bot, for later payments',
      { 200: { description: 'The changed plan.', schema: BotPlan } },
      ['invalid_value'],
    ),
    params(BotPlanPath),
    body(BotPlanChange),
    async (c) =>
      c.json(await changeBotPlan(c.var.db, c.var.tenant.id, c.req.valid('param'), c.req.valid('json'))),
  )
  .delete(
    '/:bot/plans/:plan',
    describeRoute('Delete a plan of a bot; who has paid for it keeps it', {
      204: { description: 'Deleted.' },
    }),
    params(BotPlanPath),
    async (c) => {
      await deleteBotPlan(c.var.db, c.var.tenant.id, c.req.valid('param'))
      return c.body(null, 204)
    },
  )

export const plans = new Hono().route('/', read).route('/', manage)
