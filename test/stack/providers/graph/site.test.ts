import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { whatsappEnvironment } from '../../../../stack/providers/graph/environment.ts'
import type { WhatsappNumber } from '../../../../stack/providers/graph/numbers.ts'
import { eventually } from '../../../kit/eventually.ts'
import {
  askPhones,
  changeNumber,
  deliveriesOf,
  makeNumber,
  misbehave,
  phoneOf,
  setCallback,
} from '../../../kit/whatsapp.ts'
import { type CallbackServer, startCallback, verifyToken } from './callback-server.ts'
import { ada } from './scene.ts'

const stack = inject('stack')
const own = new URL(stack.phone_url).host

let callback: CallbackServer
let number: WhatsappNumber
beforeEach(async () => {
  callback = await startCallback()
  number = await makeNumber({ verified_name: 'Café' })
  await setCallback(number, callback.url, verifyToken)
})
afterEach(() => callback.stop())

const send = async (body: object) =>
  fetch(`${stack.whatsapp_url}/v24.0/${number.phone_number_id}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${number.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ messaging_product: 'whatsapp', to: ada.phone, ...body }),
  })
const json = (method: string, body: unknown) => ({
  method,
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})

describe('a phone', () => {
  it('writes, gets an answer, presses its buttons, and reads', async () => {
    const phone = await phoneOf(number, ada)
    await phone.text('¿Abierto?')
    const reply = (id: string, title: string) => ({ type: 'reply', reply: { id, title } })
    const action = { buttons: [reply('mon', 'Monday'), reply('tue', 'Tuesday')] }
    await send({ type: 'interactive', interactive: { type: 'button', body: { text: 'When?' }, action } })
    const [question] = await phone.received()
    await phone.press(question!, 'Tuesday')
    await eventually(() => expect(callback.messages()).toHaveLength(2))
    expect(callback.messages()).toContainEqual(
      expect.objectContaining({
        type: 'interactive',
        interactive: { type: 'button_reply', button_reply: { id: 'tue', title: 'Tuesday' } },
        context: expect.objectContaining({ id: question!.id }),
      }),
    )
    await eventually(async () => expect((await phone.received())[0]!.status).toBe('delivered'))
    await phone.read()
    await eventually(() => expect(callback.statuses().map(({ status }) => status)).toContain('read'))
    await eventually(async () => {
      const taken = (await deliveriesOf(number)).map(
        ({ status, attempts }) => `${status} ${attempts[0]?.answer}`,
      )
      expect(new Set(taken)).toEqual(new Set(['taken 200']))
    })
  })

  it('chooses from a list', async () => {
    const phone = await phoneOf(number, ada)
    await phone.text('Hello')
    const rows = [{ id: '1', title: 'A cut', description: 'Half an hour' }]
    const action = { button: 'Choose', sections: [{ rows }] }
    await send({ type: 'interactive', interactive: { type: 'list', body: { text: 'What?' }, action } })
    const [question] = await phone.received()
    await phone.press(question!, 'A cut')
    const list_reply = { id: '1', title: 'A cut', description: 'Half an hour' }
    await eventually(() =>
      expect(callback.messages().at(-1).interactive).toEqual({ type: 'list_reply', list_reply }),
    )
    await expect(phone.press(question!, 'A song')).rejects.toThrow('none of')
  })

  it('sends a file, which the business fetches', async () => {
    const phone = await phoneOf(number, ada)
    await phone.sendFile(new File(['<script>top.owned = 1</script>'], 'a.html', { type: 'text/html' }))
    await phone.sendFile(new File([new Uint8Array([1, 2])], 'b.png', { type: 'image/png' }), 'Look')
    await eventually(() => expect(callback.messages()).toHaveLength(2))
    const of = (type: string) => callback.messages().find((message) => message.type === type)
    expect(of('document').document).toMatchObject({ filename: 'a.html', mime_type: 'text/html' })
    const { id, caption, sha256 } = of('image').image
    expect([caption, Buffer.from(sha256, 'base64').length]).toEqual(['Look', 32])
    const headers = { authorization: `Bearer ${number.token}` }
    const about = await (await fetch(`${stack.whatsapp_url}/v24.0/${id}`, { headers })).json()
    const file = await fetch(about.url, { headers })
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(new Uint8Array([1, 2]))
    // On the phone it is shown if it is a picture. It never runs.
    const shown = await askPhones(`/api/files/${of('document').document.id}`)
    expect(shown.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment',
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
    })
  })

  it('wrote long ago, so that its window is closed', async () => {
    const phone = await phoneOf(number, ada)
    await phone.text('Hello', { at: new Date(Date.now() - 25 * 3_600_000) })
    expect((await phone.chat()).is_window_open).toBe(false)
    await misbehave(number, { refuse_closed_window: true })
    expect((await (await send({ type: 'text', text: { body: 'Hi' } })).json()).error.code).toBe(131_047)
  })
})

describe('a number', () => {
  const path = () => `/api/numbers/${number.phone_number_id}`
  it('gets another token, and the one before opens nothing', async () => {
    await changeNumber(number, { token: 'EAAanother' })
    expect((await send({ type: 'text', text: { body: 'Hi' } })).status).toBe(401)
    number.token = 'EAAanother'
    expect((await send({ type: 'text', text: { body: 'Hi' } })).status).toBe(200)
  })
  it('is removed, with its chats', async () => {
    await phoneOf(number, ada)
    expect((await askPhones(path(), { method: 'DELETE' })).status).toBe(204)
    for (const gone of [path(), `${path()}/chats`, `${path()}/chats/${ada.phone}`])
      expect((await askPhones(gone)).status).toBe(404)
  })
  it.each<[string, () => string, object, number]>([
    ['an id that is taken', () => '/api/numbers', () => ({}), 409],
    ['an id of letters', () => '/api/numbers', { phone_number_id: 'x' }, 422],
    ['a misbehaviour that there is not', () => '/api/numbers', { misbehaviour: { explode: true } }, 422],
    ['a field that there is not', () => '/api/numbers', { colour: 'red' }, 422],
  ])('with %s is not made', async (_what, where, body, status) => {
    const wanted = typeof body === 'function' ? { phone_number_id: number.phone_number_id } : body
    expect((await askPhones(where(), json('POST', wanted))).status).toBe(status)
  })
  it.each<[string, string, string, unknown, number]>([
    [
      'PUT',
      '/callback',
      'a callback elsewhere',
      { callback_url: 'https://example.com', verify_token: 'x' },
      422,
    ],
    ['PUT', '/callback', 'a callback with a wrong token', { callback_url: 'own', verify_token: 'x' }, 422],
    ['PUT', '/callback', 'no callback', {}, 422],
    ['PATCH', '', 'another id', { phone_number_id: '12345' }, 422],
    ['PATCH', '', 'what is no JSON', '{', 400],
    ['POST', '/chats/ada/messages', 'a message of no number', { message: { type: 'text' } }, 422],
    ['POST', '/chats/12025550142/messages', 'no message', {}, 422],
    ['POST', '/chats/12025550142/files', 'no file', {}, 400],
    ['POST', '/chats/12025550149/read', 'a chat that there is not', {}, 404],
    ['GET', '/songs', 'what there is not', undefined, 404],
  ])('%s %s refuses %s', async (method, rest, _what, body, status) => {
    const mine = JSON.stringify(body)?.replace('"own"', JSON.stringify(callback.url))
    const request = mine === undefined ? { method } : json(method, body === '{' ? '{' : mine)
    expect((await askPhones(`${path()}${rest}`, request)).status).toBe(status)
    expect(JSON.parse((await askPhones(path())).body).callback_url).toBe(callback.url)
  })
})

describe('another page', () => {
  const foreign: [string, Record<string, string>][] = [
    ['of a tenant', { origin: `http://brightpath.localhost:${new URL(stack.api_url).port}` }],
    ['of the same stack', { origin: stack.api_url }],
    ['that is the mailbox', { origin: stack.mail_url.replace(/\/$/, '') }],
    ['without an origin of its own', { origin: 'null' }],
    ['that hides its origin', { 'sec-fetch-site': 'cross-site' }],
    ['of the same site', { 'sec-fetch-site': 'same-site' }],
  ]
  it.each(foreign)('%s changes nothing and reads nothing', async (_what, headers) => {
    const path = `/api/numbers/${number.phone_number_id}`
    for (const method of ['GET', 'DELETE', 'PATCH'])
      expect((await askPhones(path, { method, headers })).status).toBe(403)
    expect((await askPhones('/', { headers })).status).toBe(403)
    expect((await askPhones(path)).status).toBe(200)
  })
  it('of the phone itself may do all of it', async () => {
    const headers = { origin: `http://${own}`, 'sec-fetch-site': 'same-origin' }
    const path = `/api/numbers/${number.phone_number_id}`
    expect((await askPhones(path, { method: 'DELETE', headers })).status).toBe(204)
  })
  it('gets no leave to read, and pages load nothing from elsewhere', async () => {
    const { headers } = await askPhones('/')
    expect(headers['access-control-allow-origin']).toBeUndefined()
    const policy = String(headers['content-security-policy'])
    expect(policy).toMatch(/^default-src 'none'; script-src 'self';/)
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|http|\*/)
  })
  it.each(['127.0.0.1', 'localhost', 'phone.localhost.example.com', 'xphone.localhost', 'mail.localhost'])(
    'no other name has the phones: %s',
    async (host) => {
      const headers = { host: `${host}:${new URL(stack.api_url).port}` }
      expect((await askPhones('/api/numbers', { headers })).body).not.toContain(number.token)
    },
  )
  it.each(['/auth/v1/health', '/functions/v1/branding/resolve', '/page.js', '/site.ts', '/..%2fplatform.ts'])(
    'nothing else is there: %s',
    async (path) => expect((await askPhones(path)).status).toBe(404),
  )
})

it('the functions are told where the local WhatsApp is, unless the shell names another one', () => {
  expect(whatsappEnvironment('http://127.0.0.1:1', {})).toEqual({
    TENANTRY_WHATSAPP_URL: 'http://127.0.0.1:1',
  })
  const shell = { TENANTRY_WHATSAPP_URL: 'https://graph.facebook.com' }
  expect(whatsappEnvironment('http://127.0.0.1:1', shell)).toEqual({})
})
