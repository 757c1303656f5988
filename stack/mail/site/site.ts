import { readFile } from 'node:fs/promises'
import { Hono } from 'hono'
import { ownPagesOnly, pageHeaders, withHeaders } from '../../local-sites/guard.ts'
import { readMessage } from '../message.ts'
import type { MailStore } from '../store.ts'
import { messageHeaders } from './guard.ts'
import { listPage, messagePage, missingPage } from './pages.ts'

const mostListed = 500

/** The mailbox at http://mail.localhost:<port>/: pages for people, and the same as JSON below /api. */
export function mailSite(store: MailStore): (request: Request) => Promise<Response> {
  const app = new Hono()
    .use(withHeaders(pageHeaders(["frame-src 'self'"])))
    .use(ownPagesOnly('mailbox'))
    .get('/', (c) => {
      const to = c.req.query('to')?.trim() ?? ''
      return c.html(listPage(store.list(to), to))
    })
    .get('/messages/:id', async (c) => {
      const mail = store.find(c.req.param('id'))
      const raw = mail && (await store.read(mail.id))
      return mail && raw ? c.html(messagePage(mail, await readMessage(raw))) : c.html(missingPage(), 404)
    })
    .get('/messages/:id/html', async (c) => {
      const raw = await store.read(c.req.param('id'))
      const html = raw && (await readMessage(raw)).html
      // Links open a tab of their own, because other pages need not allow a frame around them.
      return html ? c.html(`<base target="_blank">${html}`, 200, messageHeaders) : c.html(missingPage(), 404)
    })
    .get('/messages/:id/raw', async (c) => {
      const raw = await store.read(c.req.param('id'))
      if (!raw) return c.html(missingPage(), 404)
      return c.body(new Uint8Array(raw), 200, {
        ...messageHeaders,
        'content-type': 'text/plain; charset=utf-8',
      })
    })
    .post('/messages/:id/delete', async (c) => {
      await store.delete(c.req.param('id'))
      return c.redirect('/', 303)
    })
    .post('/delete-all', async (c) => {
      await store.deleteAll()
      return c.redirect('/', 303)
    })
    .get('/mail.css', async (c) => c.body(await asset('mail.css'), 200, { 'content-type': 'text/css' }))
    .get('/mail.js', async (c) => c.body(await asset('mail.js'), 200, { 'content-type': 'text/javascript' }))
    .route('/api', api(store))
    .notFound((c) => c.html(missingPage(), 404))
  return async (request) => app.fetch(request)
}

function api(store: MailStore): Hono {
  const missing = { message: 'There is no such message.' }
  return new Hono()
    .get('/messages', (c) => {
      const limit = Number(c.req.query('limit') ?? mostListed)
      if (!Number.isInteger(limit) || limit < 1 || limit > mostListed)
        return c.json({ message: `limit is a number from 1 to ${mostListed}.` }, 400)
      return c.json({ messages: store.list(c.req.query('to')?.trim()).slice(0, limit) })
    })
    .get('/messages/:id', async (c) => {
      const mail = store.find(c.req.param('id'))
      const raw = mail && (await store.read(mail.id))
      return raw ? c.json({ ...mail, ...(await readMessage(raw)) }) : c.json(missing, 404)
    })
    .delete('/messages/:id', async (c) =>
      (await store.delete(c.req.param('id'))) ? c.body(null, 204) : c.json(missing, 404),
    )
    .delete('/messages', async (c) => {
      await store.deleteAll()
      return c.body(null, 204)
    })
}

const asset = (name: string) => readFile(new URL(name, import.meta.url), 'utf8')
