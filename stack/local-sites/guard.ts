import type { MiddlewareHandler } from 'hono'

/** Whether a request's Host is <name>.localhost. The name is a reserved slug, so no tenant has this host. */
export function isSiteHost(name: string, host: string | undefined): boolean {
  return new RegExp(`^${name}\\.localhost\\.?(:\\d+)?$`, 'i').test(host ?? '')
}

/**
 * What these sites show signs people in and holds keys, so no other page may read or change it. Another site cannot have
 * this Host without this address, and what it asks for is told apart by Origin and Sec-Fetch-Site, which browsers always
 * send and pages cannot set. A link from elsewhere may lead to a page of the site. Programs send neither header.
 */
export function ownPagesOnly(site: string): MiddlewareHandler {
  return async (c, next) => {
    const { host } = new URL(c.req.url)
    const origin = c.req.header('origin')
    const from = c.req.header('sec-fetch-site')
    const reads = c.req.method === 'GET' || c.req.method === 'HEAD'
    const isOwn =
      (origin === undefined || origin === `http://${host}`) &&
      (from === undefined || from === 'same-origin' || from === 'none')
    const isFollowedLink =
      reads &&
      origin === undefined &&
      c.req.header('sec-fetch-mode') === 'navigate' &&
      c.req.header('sec-fetch-dest') === 'document'
    if (!isOwn && !isFollowedLink) return c.text(`Only the ${site} itself may ask for this.\n`, 403)
    await next()
  }
}

/** Has every answer carry these headers, unless it has its own. */
export function withHeaders(headers: Record<string, string>): MiddlewareHandler {
  return async (c, next) => {
    await next()
    for (const [name, value] of Object.entries(headers)) {
      if (!c.res.headers.has(name)) c.res.headers.set(name, value)
    }
  }
}

export const noOtherOrigin = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
}

/** For pages that load nothing but their own files, and what `also` allows. */
export function pageHeaders(also: string[] = []): Record<string, string> {
  return {
    ...noOtherOrigin,
    // With "no-referrer" forms would be sent without their origin.
    'referrer-policy': 'same-origin',
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
      ...also,
    ].join('; '),
  }
}
