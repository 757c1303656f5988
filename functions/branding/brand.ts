import { type Context, Hono } from 'hono'
import {
  Brand,
  BrandChange,
  BrandPreview,
  forgetPage,
  previewBrand,
  readBrand,
  updateBrand,
} from '../../lib/branding/index.ts'
import {
  body,
  describeRoute,
  ifNoneMatches,
  requireVersion,
  router,
  versionTag,
} from '../../lib/http/index.ts'

const read = router({ auth: 'member', permission: 'read', key: 'brand:read' }).get(
  '/',
  describeRoute("Read a tenant's brand", {
    200: { description: 'The whole brand. The ETag is for If-Match.', schema: Brand },
    304: { description: 'The version named in If-None-Match is still the current one.' },
  }),
  async (c) => answerBrand(c, await readBrand(c.var.db, c.var.tenant.id)),
)

const change = router({ auth: 'member', permission: 'manage' }).patch(
  '/',
  describeRoute(
    "Change a tenant's brand",
    { 200: { description: 'The whole brand. If-Match must name the version before.', schema: Brand } },
    [
      'invalid_brand',
      'invalid_email_config',
      'feature_not_in_plan',
      'assessment_in_use',
      'version_mismatch',
      'if_match_required',
    ],
  ),
  body(BrandChange),
  async (c) => {
    const { tenant, db } = c.var
    const changed = await updateBrand(db, tenant.id, c.req.valid('json'), requireVersion(c))
    forgetPage(tenant.slug)
    return answerBrand(c, changed)
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

/** The brand with its ETag, or 304 if the caller of a GET holds it. */
export function answerBrand(c: Context, brand: Brand): Response {
  const text = JSON.stringify(brand)
  const headers = {
    etag: versionTag(brand.version, text),
    'cache-control': 'private, no-cache',
    vary: 'authorization, x-tenant',
  }
  if (c.req.method === 'GET' && ifNoneMatches(c.req.header('if-none-match'), headers.etag))
    return c.body(null, 304, headers)
  return c.body(text, 200, { ...headers, 'content-type': 'application/json' })
}

/** The coach's own view of the brand. */
export const brand = new Hono().route('/', read).route('/', change).route('/', preview)
