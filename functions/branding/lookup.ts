import type { Context } from 'hono'
import { z } from 'zod'
import {
  type CachedPage,
  findPageByDomain,
  findPageByHost,
  findPageBySlug,
  PublicConfig,
} from '../../lib/branding/index.ts'
import { describeRoute, ifNoneMatches, Problem, query, respond, router } from '../../lib/http/index.ts'

const Host = z.strictObject({ host: z.string().optional() })

const describeConfig = (what: string) =>
  describeRoute(
    what,
    {
      200: { description: 'Its public configuration, with a strong ETag.', schema: PublicConfig },
      304: { description: 'The version named in If-None-Match is still the current one.' },
      308: { description: 'The slug was given up at most 90 days ago; Location leads to the new one.' },
    },
    ['tenant_not_found'],
  )
const describeTheme = (what: string) =>
  describeRoute(
    what,
    {
      200: {
        description: 'Its colours and fonts as CSS variables.',
        schema: z.string(),
        contentType: 'text/css',
      },
      304: { description: 'The version named in If-None-Match is still the current one.' },
      308: { description: 'The slug was given up at most 90 days ago; Location leads to the new one.' },
    },
    ['tenant_not_found'],
  )

/** The public lookup: what a branded page fetches before it shows anything. */
export const lookup = router({ auth: 'public' })
  .get('/by-slug/:slug', describeConfig('Look a tenant up by its slug'), (c) =>
    whenFound(findPageBySlug(c.req.param('slug')), (page) => config(c, page, '')),
  )
  .get('/by-slug/:slug/theme.css', describeTheme("A tenant's theme by its slug"), async (c) =>
    theme(c, await findPageBySlug(c.req.param('slug')), '../'),
  )
  .get('/by-domain/:host', describeConfig('Look a tenant up by its custom domain'), async (c) =>
    config(c, await findPageByDomain(c.req.param('host')), '../by-slug/'),
  )
  .get('/by-domain/:host/theme.css', describeTheme("A tenant's theme by its custom domain"), async (c) =>
    theme(c, await findPageByDomain(c.req.param('host')), '../../by-slug/'),
  )
  .get('/resolve', describeConfig('Look a tenant up by the host a visitor is on'), query(Host), async (c) =>
    forThisHost(config(c, await findPageByHost(c.req.valid('query').host ?? visitedHost(c)), 'by-slug/')),
  )
  .get(
    '/resolve/theme.css',
    describeTheme('The theme for the host a visitor is on'),
    query(Host),
    async (c) =>
      forThisHost(theme(c, await findPageByHost(c.req.valid('query').host ?? visitedHost(c)), '../by-slug/')),
  )

/** Calls `show` without a promise if the page is in the cache, as most pages are. */
function whenFound(
  found: CachedPage | null | Promise<CachedPage | null>,
  show: (page: CachedPage | null) => Response,
): Response | Promise<Response> {
  return found instanceof Promise ? found.then(show) : show(found)
}

const cacheControl = 'public, max-age=60, stale-while-revalidate=600'

function config(c: Context, page: CachedPage | null, bySlug: string): Response {
  if (!page) throw unknownTenant()
  if (page.isRetired) return moved(`${bySlug}${page.slug}`)
  return answer(c, page.config, page.etag, 'application/json')
}

function theme(c: Context, page: CachedPage | null, bySlug: string): Response {
  if (!page) throw unknownTenant()
  if (page.isRetired) return moved(`${bySlug}${page.slug}/theme.css`)
  const { css, etag } = page.theme()
  return answer(c, css, etag, 'text/css; charset=utf-8')
}

function answer(c: Context, body: string, etag: string, type: string): Response {
  if (ifNoneMatches(c.req.raw.headers.get('if-none-match'), etag))
    return respond(c, null, { status: 304, headers: { etag, 'cache-control': cacheControl } })
  const headers = { etag, 'cache-control': cacheControl, 'x-content-type-options': 'nosniff' }
  return respond(c, body, { type, headers })
}

/** Takes a location relative to the request, because a function does not see the path under which it is served. */
function moved(location: string): Response {
  return new Response(null, {
    status: 308,
    // Kept by nobody: the tenant may take its old slug back, and this would then lead away from it.
    headers: { location, 'cache-control': 'no-store' },
  })
}

/** Tells caches that the answer depends on the host. */
function forThisHost(response: Response): Response {
  response.headers.set('vary', 'x-forwarded-host')
  return response
}

/** The host that the visitor asked for: the first proxy names it; without a proxy, the header Host does. */
function visitedHost(c: Context): string {
  return c.req.header('x-forwarded-host')?.split(',')[0]?.trim() ?? c.req.header('host') ?? ''
}

/** One answer for unknown, archived and unpublished tenants, so that it does not tell them apart. */
function unknownTenant(): Problem {
  return new Problem('tenant_not_found', 'No tenant is published under this name.')
}
