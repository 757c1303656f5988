import type { Context } from 'hono'
import { Hono } from 'hono'
import {
  BotPath,
  BotTemplate,
  BotTemplateChange,
  BotTemplatePath,
  BotTemplateQuery,
  BotTemplates,
  changeBotTemplate,
  createBotTemplate,
  deleteBotTemplate,
  listBotTemplates,
  NewBotTemplate,
  readBotTemplate,
} from '../../lib/bots/index.ts'
import {
  body,
  describeRoute,
  params,
  query,
  requireVersion,
  router,
  versionTag,
} from '../../lib/http/index.ts'

const read = router({ auth: 'member', permission: 'read', key: 'bots:read' })
  .get(
    '/:bot/templates',
    describeRoute('List the templates of a bot, the newest first', {
      200: { description: 'A page of them.', schema: BotTemplates },
    }),
    params(BotPath),
    query(BotTemplateQuery),
    async (c) =>
      c.json(
        await listBotTemplates(c.var.db, c.var.tenant.id, c.req.valid('param').bot, c.req.valid('query')),
      ),
  )
  .get(
    '/:bot/templates/:template',
    describeRoute('Read a template of a bot', {
      200: { description: 'The template. The ETag is for If-Match.', schema: BotTemplate },
    }),
    params(BotTemplatePath),
    async (c) => answered(c, await readBotTemplate(c.var.db, c.var.tenant.id, c.req.valid('param'))),
  )

const write = router({ auth: 'member', permission: 'write' })
  .post(
    '/:bot/templates',
    describeRoute(
      'Create a template of a bot',
      { 201: { description: 'The template.', schema: BotTemplate } },
      ['limit_reached', 'invalid_value'],
    ),
    params(BotPath),
    body(NewBotTemplate),
    async (c) => {
      const { bot } = c.req.valid('param')
      return answered(c, await createBotTemplate(c.var.db, c.var.tenant.id, bot, c.req.valid('json')), 201)
    },
  )
  .patch(
    '/:bot/templates/:template',
    describeRoute(
      'Change a template of a bot',
      {
        200: { description: 'The changed template. If-Match must name the one before.', schema: BotTemplate },
      },
      ['invalid_value', 'if_match_required', 'version_mismatch'],
    ),
    params(BotTemplatePath),
    body(BotTemplateChange),
    async (c) => {
      const version = requireVersion(c)
      const change = c.req.valid('json')
      return answered(
        c,
        await changeBotTemplate(c.var.db, c.var.tenant.id, c.req.valid('param'), version, change),
      )
    },
  )
  .delete(
    '/:bot/templates/:template',
    describeRoute('Delete a template of a bot', { 204: { description: 'Deleted.' } }),
    params(BotTemplatePath),
    async (c) => {
      await deleteBotTemplate(c.var.db, c.var.tenant.id, c.req.valid('param'))
      return c.body(null, 204)
    },
  )

function answered(c: Context, template: BotTemplate, status: 200 | 201 = 200) {
  return c.json(template, status, { etag: versionTag(template.version) })
}

export const templates = new Hono().route('/', read).route('/', write)
