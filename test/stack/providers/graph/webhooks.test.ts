import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { CallbackRefused } from '../../../../stack/providers/graph/webhooks/handshake.ts'
import { eventually } from '../../../kit/eventually.ts'
import { startCallback, verifyToken } from './callback-server.ts'
import { ada, openScene, text } from './scene.ts'

const scene = openScene()
const write = (body = 'Hello', contact = ada) => scene.platform.write(scene.number, contact, text(body))

describe('a callback', () => {
  const set = (url = scene.callback.url, token = verifyToken) =>
    scene.platform.setCallback(scene.number, url, token)

  it('is asked with the token and a challenge, and answers with the challenge', async () => {
    await set(`${scene.callback.url}?bot=1`)
    const asked = Object.fromEntries(scene.callback.asked.at(-1)!)
    expect(asked).toEqual({
      bot: '1',
      'hub.mode': 'subscribe',
      'hub.verify_token': verifyToken,
      'hub.challenge': expect.stringMatching(/^\d{9,10}$/),
    })
  })
  it.each<[string, (challenge: string) => [number, string]]>([
    ['refuses', () => [403, '']],
    ['answers with something else', () => [200, 'hello']],
    ['answers with the challenge in quotes', (challenge) => [200, JSON.stringify(challenge)]],
    ['answers with the challenge and a line break', (challenge) => [200, `${challenge}\n`]],
    ['answers with another status', (challenge) => [201, challenge]],
    ['leads elsewhere', () => [302, '']],
  ])('that %s is not set', async (_what, answer) => {
    const before = scene.number.callback_url
    scene.callback.handshake = (query) => answer(query.get('hub.challenge') ?? '')
    await expect(set(`${scene.callback.url}?new`)).rejects.toThrow(CallbackRefused)
    expect(scene.number.callback_url).toBe(before)
  })
  it.each([
    'https://example.com/hook',
    'http://127.0.0.1.example.com/',
    'http://10.0.0.1/',
    'file:///etc/passwd',
    'hook',
    'http://127.0.0.1:1/',
  ])('at %s is not set', async (url) => {
    await expect(set(url)).rejects.toThrow(CallbackRefused)
  })
  it('without a token, or with another one, is not set', async () => {
    await expect(set(scene.callback.url, '')).rejects.toThrow(CallbackRefused)
    await expect(set(scene.callback.url, 'another')).rejects.toThrow(CallbackRefused)
  })
})

describe('a message of a phone', () => {
  it('is posted as Meta writes it, and signed over these bytes', async () => {
    const { id } = write('¿Olá? 😀 https://a.example/')
    await eventually(() => expect(scene.callback.posted).toHaveLength(1))
    const { raw, signature, json } = scene.callback.posted[0]!
    const hmac = createHmac('sha256', scene.number.app_secret).update(raw).digest('hex')
    expect(signature).toBe(`sha256=${hmac}`)
    expect(raw.toString('latin1')).toContain('\\u00bfOl\\u00e1? \\ud83d\\ude00 https:\\/\\/a.example\\/')
    const { display_phone_number, phone_number_id, waba_id } = scene.number
    const user_id = scene.platform.chats.find(scene.number, ada.phone)!.user_id
    expect(json).toEqual({
      object: 'whatsapp_business_account',
      entry: [
        {
          id: waba_id,
          changes: [
            {
              field: 'messages',
              value: {
                messaging_product: 'whatsapp',
                metadata: { display_phone_number: display_phone_number.replace(/\D/g, ''), phone_number_id },
                contacts: [{ profile: { name: 'Ada' }, wa_id: ada.phone, user_id }],
                messages: [
                  {
                    from: ada.phone,
                    from_user_id: user_id,
                    id,
                    timestamp: expect.stringMatching(/^\d{10}$/),
                    type: 'text',
                    text: { body: '¿Olá? 😀 https://a.example/' },
                  },
                ],
              },
            },
          ],
        },
      ],
    })
    expect(user_id).toMatch(/^US\.\d{10,17}$/)
  })
  it('answers to another one, and says to which', async () => {
    scene.platform.write(scene.number, ada, text('That one'), { replyTo: 'wamid.before' })
    await eventually(() => expect(scene.callback.messages()).toHaveLength(1))
    const from = scene.number.display_phone_number.replace(/\D/g, '')
    expect(scene.callback.messages()[0].context).toEqual({ from, id: 'wamid.before' })
  })
  it('has no number where its owner hides it, and statuses have none either', async () => {
    write('Hello', { ...ada, username: 'ada', hides_number: true })
    await scene.send(text('Hi'))
    await eventually(() => expect(scene.callback.statuses()).toHaveLength(2))
    const user = scene.platform.chats.find(scene.number, ada.phone)!.user_id
    const values = scene.callback.posted.map(({ json }) => json.entry[0].changes[0].value)
    for (const { contacts } of values)
      expect(contacts).toEqual([{ profile: { name: 'Ada', username: 'ada' }, user_id: user }])
    expect(scene.callback.messages()[0]).toMatchObject({ from_user_id: user })
    expect(scene.callback.statuses()[0]).toMatchObject({ recipient_user_id: user })
    // The number that was written to is drawn by lot, and may be the same.
    expect(JSON.stringify(values.map(({ metadata, ...told }) => told))).not.toContain(ada.phone)
  })
  it('has another id of its user for another business, and the same for the same', async () => {
    const other = await scene.makeNumber()
    const same = await scene.makeNumber({ waba_id: scene.number.waba_id })
    const ids = [scene.number, other, same].map((number) => scene.platform.chats.open(number, ada).user_id)
    expect([ids[0] === ids[1], ids[0] === ids[2]]).toEqual([false, true])
  })
  it('is posted until it is answered with 200, with growing waits', async () => {
    scene.callback.answers.push(500, 204, 302)
    const message = write()
    expect(message.status).toBe('waiting')
    await eventually(() => expect(message.status).toBe('delivered'))
    const [delivery] = scene.platform.deliveries.of(scene.number.phone_number_id)
    expect(delivery!.attempts.map(({ answer }) => answer)).toEqual([500, 204, 302, 200])
    const moments = delivery!.attempts.map(({ at }) => Date.parse(at))
    const waits = moments.slice(1).map((at, index) => at - moments[index]!)
    for (const [index, least] of [20, 40, 80].entries())
      expect(waits[index]).toBeGreaterThanOrEqual(least - 2)
    expect(new Set(scene.callback.posted.map(({ raw }) => raw.toString()))).toHaveProperty('size', 1)
  })
  it('is posted again when nobody answered, and to where the callback is by then', async () => {
    const other = await startCallback()
    scene.callback.answers.push(null)
    const message = write()
    await eventually(() => expect(scene.callback.posted).toHaveLength(1))
    scene.number.app_secret = 'another-secret'
    await scene.platform.setCallback(scene.number, other.url, verifyToken)
    await eventually(() => expect(message.status).toBe('delivered'))
    const [{ raw, signature }] = other.posted as [(typeof other.posted)[0]]
    expect(signature).toBe(`sha256=${createHmac('sha256', 'another-secret').update(raw).digest('hex')}`)
    await other.stop()
  })
  it('is not posted where no app is subscribed', async () => {
    scene.number.is_subscribed = false
    write('1')
    scene.number.is_subscribed = true
    write('2')
    await eventually(() => expect(scene.callback.messages()).toHaveLength(1))
    expect(scene.callback.messages()[0].text.body).toBe('2')
  })
})

describe('what became of a message', () => {
  const statusesOf = (id: string) => scene.callback.statuses().filter((status) => status.id === id)
  const send = async () =>
    (await scene.send({ ...text('Hi'), biz_opaque_callback_data: 'job 1' })).json.messages[0].id

  it('is told: sent, delivered, and read once somebody looks', async () => {
    write()
    const id = await send()
    const told = () =>
      statusesOf(id)
        .map(({ status }) => status)
        .sort()
    await eventually(() => expect(told()).toEqual(['delivered', 'sent']))
    const { readChat } = await import('../../../../stack/providers/graph/send/statuses.ts')
    const chat = scene.platform.chats.find(scene.number, ada.phone)!
    readChat(scene.platform, scene.number, chat)
    readChat(scene.platform, scene.number, chat)
    await eventually(() => expect(told()).toEqual(['delivered', 'read', 'sent']))
    const of = (wanted: string) => statusesOf(id).find(({ status }) => status === wanted)
    expect(of('sent')).toEqual({
      id,
      status: 'sent',
      timestamp: expect.stringMatching(/^\d{10}$/),
      recipient_id: ada.phone,
      recipient_user_id: chat.user_id,
      conversation: {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        expiration_timestamp: expect.stringMatching(/^\d{10}$/),
        origin: { type: 'service' },
      },
      pricing: { billable: false, pricing_model: 'PMP', category: 'service', type: 'free_customer_service' },
      biz_opaque_callback_data: 'job 1',
    })
    expect(of('delivered').conversation).toEqual({
      id: of('sent').conversation.id,
      origin: { type: 'service' },
    })
    expect(of('read')).not.toHaveProperty('pricing')
  })
  it('is told at once to the end where the phone reads at once', async () => {
    write('Hello', { ...ada, reads_at_once: true })
    const id = await send()
    await eventually(() =>
      expect(
        statusesOf(id)
          .map(({ status }) => status)
          .sort(),
      ).toEqual(['delivered', 'read', 'sent']),
    )
  })
})
