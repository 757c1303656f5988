import { readFile } from 'node:fs/promises'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { isSiteHost, ownPagesOnly, pageHeaders, withHeaders } from '../../../local-sites/guard.ts'
import { textsPage } from '../../sms/page.ts'
import type { Texts } from '../../sms/texts.ts'
import { mostMediaBytes } from '../media.ts'
import type { Platform } from '../platform.ts'
import { phoneApi } from './api.ts'
import { phonePage } from './page.ts'

/** Whether a request's Host names the phones. */
export const isPhoneHost = (host: string | undefined) => isSiteHost('phone', host)

/** The phones at http://phone.localhost:<port>/: a page for people, and the same as JSON below /api. SMS are at /sms. */
export function phoneSite(platform: Platform, texts: Texts): (request: Request) => Promise<Response> {
  const tooLarge = () => Response.json({ message: 'The file is too large: 16 MB at most.' }, { status: 413 })
  const app = new Hono()
    .use(withHeaders(pageHeaders(["img-src 'self'"])))
    .use(ownPagesOnly('phone'))
    .use(bodyLimit({ maxSize: mostMediaBytes + 64 * 1024, onError: tooLarge }))
    .get('/', (c) => c.html(phonePage()))
    .get('/sms', (c) => c.html(textsPage()))
    .get('/texts.js', async (c) => {
      const script = await readFile(new URL('../../sms/texts.js', import.meta.url), 'utf8')
      return c.body(script, 200, { 'content-type': 'text/javascript' })
    })
    .get('/api/texts', (c) => c.json({ texts: texts.all() }))
    .get('/:file{phone\\.css}', async (c) => c.body(await asset(c), 200, { 'content-type': 'text/css' }))
    .get('/:file{[a-z]+\\.js}', async (c) => {
      const found = ['phone.js', 'bubbles.js', 'dialogs.js'].includes(c.req.param('file'))
      return found
        ? c.body(await asset(c), 200, { 'content-type': 'text/javascript' })
        : c.text('There is nothing here.\n', 404)
    })
    .route('/api', phoneApi(platform))
    .notFound((c) => c.text('There is nothing here.\n', 404))
  return async (request) => app.fetch(request)
}

const asset = (c: { req: { param(name: 'file'): string } }) =>
  readFile(new URL(c.req.param('file'), import.meta.url), 'utf8')
