import { Hono } from 'hono'
import { Brand, BrandChange, BrandPreview, forgetPage, previewBrand, readBrand, updateBrand } from '../../lib/branding/index.ts'
import { body, describeRoute, etagOf, ifNoneMatches, router } from '../../lib/http/index.ts'

const read = router({ auth: 'member', permission: 'read', key: 'brand:read' }).get(
  '/',
  describeRoute("Read a tenant's brand", {
    200: { description: 'The whole brand, with a strong ETag.', schema: Brand },
    304: { description: 'The version named in If-None-Match is still the current one.' },
  }),
  async (c) => {
    const text = JSON.stringify(await readBrand(c.var.db, c.var.tenant.id))
    const headers = {
      etag: etagOf(text),
      'cache-control': 'private, no-cache',
      vary: 'authorization, x-tenant',
    }
    if (ifNoneMatches(c.req.header('if-none-match'), headers.etag)) return c.body(null, 304, headers)
    return c.body(text, 200, { ...headers, 'content-type': 'application/json' })
  },
)

const change = router({ auth: 'member', permission: 'manage' }).patch(
  '/',
  describeRoute(
    "Change a tenant's brand",
    { 200: { description: 'The whole brand after the change.', schema: Brand } },
    ['invalid_brand', 'invalid_email_config', 'feature_not_in_plan', 'assessment_in_use'],
  ),
  body(BrandChange),
  async (c) => {
    const changed = await updateBrand(c.var.db, c.var.tenant.id, c.req.valid('json'))
    forgetPage(c.var.tenant.slug)
    return c.json(changed)
  },
)

const preview = router({ auth: 'member', permission: 'manage' }).post(
  '/preview',
  describeRoute(
    'See what a change to a brand would come to, without making it',
    { 200: { description: 'The page as visitors would get it.', schema: BrandPreview } },
    ['invalid_brand', 'invalid_email_config', 'feature_not_in_plan', 'assessment_in_use'],
  ),
  body(BrandChange),
  async (c) => c.json(await previewBrand(c.var.db, c.var.tenant, c.req.valid('json'))),
)

/** The coach's own view of the brand. */
export const brand = new Hono().route('/', read).route('/', change).route('/', preview)
