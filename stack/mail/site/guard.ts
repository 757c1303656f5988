import type { MiddlewareHandler } from 'hono'

/** Whether a request's Host names the mailbox. `mail` is a reserved slug, so no tenant has this host. */
export function isMailHost(host: string | undefined): boolean {
  return /^mail\.localhost\.?(:\d+)?$/i.test(host ?? '')
}

/**
 * The mailbox shows links that sign people in, so no other page may read it or change it. Another site cannot have this
 * Host without this address, and what it asks for is told apart by Origin and Sec-Fetch-Site, which browsers always
 * send and pages cannot set. A link from elsewhere may lead to a page of the mailbox. Programs send neither header.
 */
export const ownPagesOnly: MiddlewareHandler = async (c, next) => {
  const { host } = new URL(c.req.url)
  const origin = c.req.header('origin')
  const site = c.req.header('sec-fetch-site')
  const reads = c.req.method === 'GET' || c.req.method === 'HEAD'
  const isOwn =
    (origin === undefined || origin === `http://${host}`) &&
    (site === undefined || site === 'same-origin' || site === 'none')
  const isFollowedLink =
    reads &&
    origin === undefined &&
    c.req.header('sec-fetch-mode') === 'navigate' &&
    c.req.header('sec-fetch-dest') === 'document'
  if (!isOwn && !isFollowedLink) return c.text('Only the mailbox itself may ask for this.\n', 403)
  await next()
}

const noOtherOrigin = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
}

export const pageHeaders = {
  ...noOtherOrigin,
  // With "no-referrer" forms would be sent without their origin.
  'referrer-policy': 'same-origin',
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "frame-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
}

/**
 * For a message's own HTML, wherever it is opened. In this sandbox nothing runs, nothing is fetched, no form is sent,
 * and it has no origin. A link may be followed, in a tab of its own.
 */
export const messageHeaders = {
  ...noOtherOrigin,
  'referrer-policy': 'no-referrer',
  'content-security-policy': [
    'sandbox allow-popups allow-popups-to-escape-sandbox',
    "default-src 'none'",
    'img-src data:',
    'font-src data:',
    "style-src 'unsafe-inline'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'self'",
  ].join('; '),
}
