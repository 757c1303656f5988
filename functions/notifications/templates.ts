import { Hono } from 'hono'
import { askerOf, body, describeRoute, params, query, router } from '../../lib/http/index.ts'
import {
  compareTemplate,
  EmailPreview,
  EmailTemplate,
  EmailTemplateDiff,
  EmailTemplatePath,
  EmailTemplateQuery,
  EmailTemplates,
  listTemplates,
  NewEmailTemplate,
  PreviewRequest,
  previewTemplate,
  readTemplate,
  removeTemplate,
  writeTemplate,
} from '../../lib/notifications/index.ts'

const read = router({ auth: 'member', permission: 'read_admin' })
  .get(
    '/',
    describeRoute('List the templates of your mails, by name and language', {
      200: {
        description: 'Your own, and the global ones that you have not replaced.',
        schema: EmailTemplates,
      },
    }),
    query(EmailTemplateQuery),
    async (c) => c.json(await listTemplates(c.var.tenant.id, askerOf(c), c.req.valid('query'))),
  )
  .get(
    '/:template/:locale',
    describeRoute('Read a template', {
      200: { description: 'Your own words, or else the global ones.', schema: EmailTemplate },
    }),
    params(EmailTemplatePath),
    async (c) => c.json(await readTemplate(c.var.tenant.id, askerOf(c), c.req.valid('param'))),
  )
  .get(
    '/:template/:locale/diff',
    describeRoute('See how your own words differ from the global ones', {
      200: { description: 'What differs, line by line.', schema: EmailTemplateDiff },
    }),
    params(EmailTemplatePath),
    async (c) => c.json(await compareTemplate(c.var.tenant.id, askerOf(c), c.req.valid('param'))),
  )
  .post(
    '/:template/:locale/preview',
    describeRoute('See what a template becomes with these values', {
      200: { description: 'The mail. Nothing is sent.', schema: EmailPreview },
    }),
    params(EmailTemplatePath),
    body(PreviewRequest),
    async (c) =>
      c.json(
        await previewTemplate(c.var.tenant.id, askerOf(c), c.req.valid('param'), c.req.valid('json').data),
        // Whoever opens the answer itself must not run what stands in it.
        200,
        { 'content-security-policy': 'sandbox' },
      ),
  )

const manage = router({ auth: 'member', permission: 'manage' })
  .put(
    '/:template/:locale',
    describeRoute(
      'Write words of your own, in the place of the global ones if there are any',
      { 200: { description: 'The template.', schema: EmailTemplate } },
      ['invalid_value'],
    ),
    params(EmailTemplatePath),
    body(NewEmailTemplate),
    async (c) =>
      c.json(await writeTemplate(c.var.tenant.id, askerOf(c), c.req.valid('param'), c.req.valid('json'))),
  )
  .delete(
    '/:template/:locale',
    describeRoute('Go back to the global words', { 204: { description: 'Your own ones are removed.' } }),
    params(EmailTemplatePath),
    async (c) => {
      await removeTemplate(c.var.tenant.id, askerOf(c), c.req.valid('param'))
      return c.body(null, 204)
    },
  )

export const templates = new Hono().route('/', read).route('/', manage)
