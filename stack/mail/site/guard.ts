import { isSiteHost, noOtherOrigin } from '../../local-sites/guard.ts'

/** Whether a request's Host names the mailbox. */
export const isMailHost = (host: string | undefined) => isSiteHost('mail', host)

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
