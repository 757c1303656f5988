import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest'
import { sendBySmtp } from '../../../lib/notifications/senders/smtp.ts'
import { mailTo } from '../../kit/mailbox.ts'
import { mailFor } from './message.ts'

beforeAll(() => vi.stubEnv('TENANTRY_ALLOW_PRIVATE_URLS', 'loopback'))
afterAll(() => vi.unstubAllEnvs())

const server = { host: '127.0.0.1', port: inject('stack').smtp_port, from_email: 'ada@example.com' }
const fresh = (mode = '') => `${mode}${randomUUID()}@example.com`
const send = (to: string, of: object = {}, secret: string | null = null) =>
  sendBySmtp({ ...server, ...of }, secret, mailFor(to), { answerMs: 3_000 })

it('a mail arrives as it was written', async () => {
  const to = fresh()
  expect(await send(to)).toMatchObject({ outcome: 'sent' })
  const [mail, ...others] = await mailTo(to)
  expect(others).toEqual([])
  expect(mail).toMatchObject({ from: 'ada@example.com', to: [to], subject: 'Grüezi 😀' })
  const headers = Object.fromEntries(mail!.headers.map(({ name, value }) => [name.toLowerCase(), value]))
  expect(headers).toMatchObject({
    'message-id': '<0190@mail.tenantry>',
    from: '"Ada \\"the first\\" Lovelace" <ada@example.com>',
    'reply-to': 'reply@example.com',
    'list-unsubscribe': '<https://example.com/u/1>',
    'list-unsubscribe-post': 'List-Unsubscribe=One-Click',
    'auto-submitted': 'auto-generated',
  })
})

it.each([
  ['greylist+', 'retry', /^451/],
  ['busy+', 'retry', /^421/],
  ['reject+', 'failed', /^550/],
  ['too-large+', 'failed', /^552/],
  ['drop-kept+', 'ambiguous', /closed/],
  ['drop-lost+', 'ambiguous', /closed/],
  ['drop-always+', 'ambiguous', /closed/],
  ['drip+1.', 'sent', /250 OK/],
] as const)('a receiver that does %s is %s', async (mode, outcome, detail) => {
  const found = await send(fresh(mode))
  expect(found).toMatchObject({ outcome })
  expect(found.detail).toMatch(detail)
})

it('a second attempt after an ambiguous one has the same Message-ID', async () => {
  const to = fresh('drop-kept+')
  expect(await send(to)).toMatchObject({ outcome: 'ambiguous' })
  expect(await send(to)).toMatchObject({ outcome: 'sent' })
  const ids = (await mailTo(to)).map(
    ({ headers }) => headers.find(({ name }) => name.toLowerCase() === 'message-id')?.value,
  )
  expect(ids).toEqual(['<0190@mail.tenantry>', '<0190@mail.tenantry>'])
})

it('a user whom the server does not know is about the credentials, and not about the mail', async () => {
  expect(await send(fresh(), { user: 'refuse+ada' }, 'x')).toMatchObject({ outcome: 'credentials' })
  expect(await send(fresh(), { user: 'ada' }, 'x')).toMatchObject({ outcome: 'sent' })
})

it('a server that is not there may be there later', async () => {
  expect(await send(fresh(), { port: 1 })).toMatchObject({ outcome: 'retry' })
})

it('an address with a second one in it is sent to nobody', async () => {
  const eve = fresh()
  const found = await send(`ada@example.com>\r\nRCPT TO:<${eve}`)
  expect(found.outcome).toBe('failed')
  expect(await mailTo(eve)).toEqual([])
})

it.each(['10.1.2.3', '169.254.169.254', '192.168.0.1', 'fd00::1', '0.0.0.0'])(
  'no mail goes to the private address %s, on any port',
  async (host) => {
    for (const port of [25, 465, 587, 6379])
      expect(await send(fresh(), { host, port })).toMatchObject({
        outcome: 'failed',
        detail: expect.stringContaining('not public'),
      })
  },
)

it('without the setting of development, loopback is private too', async () => {
  vi.stubEnv('TENANTRY_ALLOW_PRIVATE_URLS', '')
  expect(await send(fresh())).toMatchObject({ outcome: 'failed' })
  vi.stubEnv('TENANTRY_ALLOW_PRIVATE_URLS', 'loopback')
})
