import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { createTransport } from 'nodemailer'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { mailSite } from '../../../stack/mail/site/site.ts'
import { MailStore } from '../../../stack/mail/store.ts'
import { askMailbox, type Mail, mailTo } from '../../kit/mailbox.ts'
import { makeTempDir } from '../../kit/stack.ts'

const stack = inject('stack')
const own = new URL(stack.mail_url).host

let to: string
let mail: Mail
beforeEach(async () => {
  to = `${randomUUID()}@example.com`
  const transport = createTransport({ host: '127.0.0.1', port: stack.smtp_port, ignoreTLS: true })
  await transport.sendMail({
    from: 'shop@example.com',
    to,
    subject: 'A <b>subject</b>',
    html: '<p>Hello</p>',
  })
  mail = (await mailTo(to))[0]!
})

describe('the mailbox', () => {
  it('lists, shows and deletes, as pages and as JSON', async () => {
    const list = await askMailbox(`/?to=${encodeURIComponent(to)}`)
    expect(list.body).toContain(`<a href="/messages/${mail.id}">A &lt;b&gt;subject&lt;/b&gt;</a>`)
    expect((await askMailbox(`/messages/${mail.id}`)).body).toContain('<pre')
    expect((await askMailbox(`/messages/${mail.id}/html`)).body).toContain('<p>Hello</p>')
    const raw = await askMailbox(`/messages/${mail.id}/raw`)
    expect(raw.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(raw.body).toMatch(/^From: shop@example\.com\r\n/)
    const deleted = await askMailbox(`/messages/${mail.id}/delete`, { method: 'POST' })
    expect([deleted.status, deleted.headers.location]).toEqual([303, '/'])
    for (const path of [`/messages/${mail.id}`, `/messages/${mail.id}/html`, `/api/messages/${mail.id}`])
      expect((await askMailbox(path)).status).toBe(404)
    expect((await askMailbox(`/api/messages/${mail.id}`, { method: 'DELETE' })).status).toBe(404)
  })

  it.each(['0', '501', 'x', '1.5', '-1'])('lists no %s messages', async (limit) => {
    expect((await askMailbox(`/api/messages?limit=${limit}`)).status).toBe(400)
    expect(JSON.parse((await askMailbox('/api/messages?limit=1')).body).messages).toHaveLength(1)
  })

  it.each([
    '/messages/..%2f..%2fstack.json/raw',
    '/messages/%00/raw',
    '/messages/x',
    '/stack.json',
    '/auth/v1/health',
    '/functions/v1/branding/resolve',
    '/page.js',
  ])('has nothing at %s', async (path) => expect((await askMailbox(path)).status).toBe(404))

  it('lets nothing of a message run or be fetched, also when it is opened alone', async () => {
    for (const path of ['html', 'raw']) {
      const { headers } = await askMailbox(`/messages/${mail.id}/${path}`)
      const policy = String(headers['content-security-policy'])
      expect(policy).toMatch(/^sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';/)
      expect(policy).not.toMatch(/script|http/)
      expect(headers['x-content-type-options']).toBe('nosniff')
    }
    const { headers } = await askMailbox('/')
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
    })
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
  })
})

describe('another page', () => {
  const writes: [string, string][] = [
    ['POST', '/delete-all'],
    ['DELETE', '/api/messages'],
  ]
  const foreign: [string, Record<string, string>][] = [
    ['of a tenant', { origin: `http://brightpath.localhost:${new URL(stack.api_url).port}` }],
    ['of the same stack', { origin: stack.api_url }],
    ['of another port', { origin: 'http://mail.localhost:1' }],
    ['over https', { origin: `https://${own}` }],
    ['without an origin of its own', { origin: 'null' }],
    ['that hides its origin', { 'sec-fetch-site': 'cross-site' }],
    ['of the same site', { 'sec-fetch-site': 'same-site' }],
  ]
  it.each(foreign)('%s changes nothing and reads nothing', async (_what, headers) => {
    for (const [method, path] of [...writes, ['POST', `/messages/${mail.id}/delete`]] as const)
      expect((await askMailbox(path, { method, headers })).status).toBe(403)
    for (const path of ['/', '/api/messages', `/api/messages/${mail.id}`, `/messages/${mail.id}/html`])
      expect((await askMailbox(path, { headers })).status).toBe(403)
    expect(await mailTo(to)).toHaveLength(1)
  })
  it('may lead here by a link, and by nothing else', async () => {
    const link = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    }
    expect((await askMailbox('/', { headers: link })).status).toBe(200)
    for (const headers of [
      { ...link, 'sec-fetch-dest': 'iframe' },
      { ...link, 'sec-fetch-mode': 'no-cors' },
    ])
      expect((await askMailbox('/', { headers })).status).toBe(403)
    expect((await askMailbox('/delete-all', { method: 'POST', headers: link })).status).toBe(403)
    expect(await mailTo(to)).toHaveLength(1)
  })
  it('gets no leave to read from a CORS header, and no answer to a preflight', async () => {
    const headers = { origin: stack.api_url, 'access-control-request-method': 'DELETE' }
    const { status, headers: answered } = await askMailbox('/api/messages', { method: 'OPTIONS', headers })
    expect([status, answered['access-control-allow-origin']]).toEqual([403, undefined])
  })
  it('of the mailbox itself may do all of it', async () => {
    const headers = { origin: `http://${own}`, 'sec-fetch-site': 'same-origin' }
    const answer = await askMailbox(`/messages/${mail.id}/delete`, { method: 'POST', headers })
    expect([answer.status, await mailTo(to)]).toEqual([303, []])
  })
})

it('everything is deleted by one press, or by one request', async () => {
  const dataDir = await makeTempDir()
  const store = await MailStore.open(dataDir)
  const site = mailSite(store)
  const press = new Request('http://mail.localhost/delete-all', { method: 'POST' })
  const ask = new Request('http://mail.localhost/api/messages', { method: 'DELETE' })
  for (const [request, status] of [
    [press, 303],
    [ask, 204],
  ] as const) {
    for (const _ of [1, 2]) await store.add({ from: 'a@b.c', to: [to] }, Buffer.from('Subject: x\r\n\r\n'))
    expect([(await site(request)).status, store.list()]).toEqual([status, []])
  }
  await rm(dataDir, { recursive: true })
})

describe('no other name', () => {
  it.each([
    '127.0.0.1',
    'localhost',
    'mail.localhost.example.com',
    'xmail.localhost',
    'mail.example.com',
    'mail.localhost@x',
    'evil.example',
  ])('shows the mailbox: %s', async (host) => {
    const port = new URL(stack.api_url).port
    const { body } = await askMailbox('/api/messages', { headers: { host: `${host}:${port}` } })
    expect(body).not.toContain(mail.id)
  })
})
