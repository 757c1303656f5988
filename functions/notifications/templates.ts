import { type Context, Hono } from 'hono'
import { askerOf, body, describeRoute, params, query, requireTag, router } from '../../lib/http/index.ts'
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
      200: {
        description: 'Your own words, or else the global ones. The ETag is for If-Match.',
        schema: EmailTemplate,
      },
    }),
    params(EmailTemplatePath),
    async (c) => answered(c, await readTemplate(c.var.tenant.id, askerOf(c), c.req.valid('param'))),
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
    describeRoute(
      'See what a template becomes with these values',
      { 200: { description: 'The mail. Nothing is sent.', schema: EmailPreview } },
      ['invalid_value', 'invalid_brand', 'invalid_email_config', 'feature_not_in_plan', 'assessment_in_use'],
    ),
    params(EmailTemplatePath),
    body(PreviewRequest),
    async (c) =>
      c.json(
        await previewTemplate(
          c.var.db,
          c.var.tenant.id,
          askerOf(c),
          c.req.valid('param'),
          c.req.valid('json'),
        ),
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
      {
        200: {
          description: 'The template. If-Match must name the one before, or "0".',
          schema: EmailTemplate,
        },
      },
      ['invalid_value', 'template_changed', 'if_match_required'],
    ),
    params(EmailTemplatePath),
    body(NewEmailTemplate),
    async (c) => {
      const path = c.req.valid('param')
      const words = c.req.valid('json')
      return answered(c, await writeTemplate(c.var.tenant.id, askerOf(c), path, requireRevision(c), words))
    },
  )
  .delete(
    '/:template/:locale',
    describeRoute('Go back to the global words', { 204: { description: 'Your own ones are removed.' } }, [
      'template_changed',
      'if_match_required',
    ]),
    params(EmailTemplatePath),
    async (c) => {
      await removeTemplate(c.var.tenant.id, askerOf(c), c.req.valid('param'), requireRevision(c))
      return c.body(null, 204)
    },
  )

function answered(c: Context, template: EmailTemplate) {
  c.header('etag', `"${template.revision}"`)
  c.header('cache-control', 'private, no-cache')
  return c.json(template)
}

const requireRevision = (c: Context) =>
  requireTag(c, /^(0|[0-9A-HJKMNP-TV-Z]{26})$/, 'with its quotes, or "0" if there are no words of your own')

export const templates = new Hono().route('/', read).route('/', manage)
