import { beforeAll, describe, expect, it } from 'vitest'
import { signAsMeta } from '../../../stack/providers/graph/webhooks/payload.ts'
import { problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { okay, teach } from '../bots-scene.ts'
import {
  bodyOf,
  type Counter,
  conversationOf,
  conversationsOf,
  messageOf,
  messagesOf,
  newNumber,
  openCounter,
  postWebhook,
} from './scene.ts'

let shop: Counter
let other: Counter
beforeAll(async () => {
  ;[shop, other] = await Promise.all([openCounter(), openCounter()])
  await teach(shop, { question: 'When do you open?', answer: 'At nine.' })
})

const written = async (wa_id: string, of = shop) => {
  const found = (await conversationsOf(of)).find((each) => each.wa_id === wa_id)
  return found ? (await messagesOf(of, found)).filter(({ source }) => source === 'contact') : []
}
/** What contacts wrote to these two. Other tests write to others meanwhile, and answers may still come. */
const countMessages = async () =>
  (
    await admin.query<{ count: number }>(
      `select count(*)::int as count from public.bot_messages where tenant_id = any ($1) and direction = 'inbound'`,
      [[shop.tenant.id, other.tenant.id]],
    )
  ).rows[0]!.count

describe('a webhook of WhatsApp', () => {
  it('counts once, however often it comes and in whatever pieces', async () => {
    const wa_id = newNumber()
    const messages = Array.from({ length: 20 }, (_, n) => messageOf({ wa_id }, `When do you open? ${n}`))
    const shuffled = [...messages, ...messages].toSorted(() => Math.random() - 0.5)
    const bodies = [
      ...shuffled.map((each) => bodyOf(shop, { wa_id }, [each])),
      bodyOf(shop, { wa_id }, messages),
      bodyOf(shop, { wa_id }, messages.toReversed()),
    ]
    const taken = await Promise.all(bodies.map(async (body) => okay(await postWebhook(shop, body))))
    expect(taken.reduce<number>((sum, each) => sum + (each as { messages: number }).messages, 0)).toBe(20)
    await expect
      .poll(async () => (await written(wa_id)).filter(({ outcome }) => outcome !== null).length)
      .toBe(20)
    const inboxes = await written(wa_id)
    expect(inboxes.map(({ text }) => text).toSorted()).toEqual(
      messages.map(({ text }) => (text as { body: string }).body).toSorted(),
    )
    const { rows } = await admin.query(
      `select count(*)::int as answers, count(distinct answers_id)::int as answered from public.bot_messages as m
       join public.contacts as c on c.tenant_id = m.tenant_id and c.id = m.contact_id
       where m.tenant_id = $1 and c.wa_id = $2 and m.source = 'bot'`,
      [shop.tenant.id, wa_id],
    )
    expect(rows[0].answers).toBe(rows[0].answered)
    expect(rows[0].answers).toBeGreaterThan(0)
  })

  it('is refused if anybody else signed it, or nobody, and nothing is stored', async () => {
    const wa_id = newNumber()
    const body = bodyOf(shop, { wa_id }, [messageOf({ wa_id }, 'Hello')])
    const before = await countMessages()
    const forged = [
      postWebhook(shop, body, { secret: 'guessed' }),
      postWebhook(shop, body, { secret: other.number.app_secret }),
      postWebhook(shop, body, { signature: '' }),
      postWebhook(shop, body, { signature: 'sha256=' }),
      postWebhook(shop, body, {
        signature: signAsMeta(body, shop.number.app_secret).replace('sha256', 'sha1'),
      }),
      // Another body than the one that was signed.
      postWebhook(shop, `${body} `, { signature: signAsMeta(body, shop.number.app_secret) }),
      postWebhook(shop, body.slice(0, -1), { signature: signAsMeta(body, shop.number.app_secret) }),
    ]
    for (const answer of await Promise.all(forged))
      expect(await problemOf(answer)).toMatchObject({ status: 400, code: 'invalid_callback' })
    for (const ref of ['01JD3N8Q4ZB6T2V9XK5M7R0C1E'])
      expect(await problemOf(await postWebhook(shop, body, { ref }))).toMatchObject({ status: 404 })
    expect(await countMessages()).toBe(before)
  })

  it('brings nothing to a bot whose number it does not name', async () => {
    const wa_id = newNumber()
    // Signed with the right secret of the other bot, and about the number of the first.
    const body = bodyOf(shop, { wa_id }, [messageOf({ wa_id }, 'Hello')])
    expect(await okay(await postWebhook(other, body))).toEqual({ messages: 0, statuses: 0, ignored: 1 })
    expect(await written(wa_id, other)).toEqual([])
  })

  it.each([
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['deep nesting', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
    ['another object', '{"object":"page","entry":[{"changes":[{"value":{"item":"like"}}]}]}'],
    ['bytes that are no text', '\ud800'],
  ])('of %s is taken and says nothing', async (_, body) => {
    const answer = await okay(await postWebhook(shop, body))
    expect(answer).toMatchObject({ messages: 0, statuses: 0 })
  })

  it('of more than a megabyte is refused', async () => {
    const answer = await postWebhook(shop, 'a'.repeat(5_000_000))
    expect(await problemOf(answer)).toMatchObject({ status: 413 })
  })

  it('keeps what can be read, whatever stands beside it', async () => {
    const wa_id = newNumber()
    let deep: object = {}
    for (let n = 0; n < 500; n++) deep = { deep }
    const strange = [
      ...[null, 1, 'a', [], {}, { id: 'x' }],
      { ...messageOf({ wa_id }, 'x'), id: '' },
      { ...messageOf({ wa_id }, 'x'), from: 'nobody' },
      { ...messageOf({ wa_id }, 'x'), timestamp: '-1' },
      { ...messageOf({ wa_id }, 'x'), timestamp: '1e308' },
    ]
    const good = [
      messageOf({ wa_id }, 'When do you open?'),
      messageOf({ wa_id }, 'nul \u0000 and half \ud83d of a pair'),
      messageOf({ wa_id }, 'x'.repeat(100_000)),
      messageOf({ wa_id }, 'deep', { deep }),
      messageOf({ wa_id }, 'wide', { numbers: Array.from({ length: 20_000 }, (_, n) => n) }),
      messageOf({ wa_id }, '', { type: 'Odd type!' }),
      messageOf({ wa_id }, '', { type: 'location', location: { latitude: 1, longitude: 2 } }),
      messageOf({ wa_id }, '', { type: 'image', image: { id: '1', caption: 'When do you open?' } }),
      messageOf({ wa_id }, '', {
        type: 'interactive',
        interactive: { type: 'button_reply', button_reply: { id: 'a', title: 'Yes' } },
      }),
      messageOf({ wa_id }, 'later', { at: new Date('2090-01-01') }),
    ]
    const body = bodyOf(shop, { wa_id, name: 'n'.repeat(500) }, [...strange, ...good] as object[])
    const taken = await okay(await postWebhook(shop, body))
    expect(taken).toMatchObject({ messages: good.length, ignored: strange.length })
    await expect
      .poll(async () => (await written(wa_id)).filter(({ outcome }) => outcome).length)
      .toBe(good.length)
    const kept = await written(wa_id)
    expect(kept.map(({ kind }) => kind)).toEqual([
      ...Array(5).fill('text'),
      'unknown',
      'location',
      'image',
      'interactive',
      'text',
    ])
    expect(kept[1]!.text).toBe('nul  and half  of a pair')
    expect(kept[2]!.text).toHaveLength(8_192)
    expect(kept.slice(7).map(({ text }) => text)).toEqual(['When do you open?', 'Yes', 'later'])
    expect(new Date(kept.at(-1)!.occurred_at).getTime()).toBeLessThanOrEqual(Date.now())
  })

  it('of a message of days ago is stored, and a person is told instead of an answer that WhatsApp would refuse', async () => {
    const wa_id = newNumber()
    const at = new Date(Date.now() - 3 * 86_400_000)
    await okay(
      await postWebhook(shop, bodyOf(shop, { wa_id }, [messageOf({ wa_id }, 'When do you open?', { at })])),
    )
    await expect.poll(async () => (await written(wa_id))[0]?.reason).toBe('window_closed')
  })
})

describe('a contact', () => {
  it('is one person under a number and a user name, once both are known', async () => {
    const wa_id = newNumber()
    const user_id = `KE.${wa_id}`
    const post = async (writer: object, text: string) =>
      okay(await postWebhook(shop, bodyOf(shop, writer, [messageOf(writer, text)])))
    await post({ wa_id }, 'by number')
    await post({ user_id }, 'by name')
    expect(await written(wa_id)).toHaveLength(1)
    await post({ wa_id, user_id }, 'by both')
    expect((await written(wa_id)).map(({ text }) => text)).toEqual(['by number', 'by name', 'by both'])
    await post({ user_id }, 'again')
    expect(await written(wa_id)).toHaveLength(4)
  })

  it('who has somebody else’s old number sees nothing of that person', async () => {
    const wa_id = newNumber()
    const post = async (user_id: string, text: string) =>
      okay(await postWebhook(shop, bodyOf(shop, { wa_id, user_id }, [messageOf({ wa_id, user_id }, text)])))
    await post(`KE.old${wa_id}`, 'of the first')
    const first = await conversationOf(shop, { wa_id })
    await post(`KE.new${wa_id}`, 'of the second')
    const second = await conversationOf(shop, { wa_id })
    expect(second.contact).not.toBe(first.contact)
    expect((await written(wa_id)).map(({ text }) => text)).toEqual(['of the second'])
  })

  it('of one bot is none of another bot of the same tenant', async () => {
    const wa_id = newNumber()
    await okay(await postWebhook(shop, bodyOf(shop, { wa_id }, [messageOf({ wa_id }, 'Hello')])))
    const { contact } = await conversationOf(shop, { wa_id })
    const made = await okay(await shop.ask(shop.owner, 'POST', '', { client_name: 'The second' }), 201)
    const { ref_id } = made as { ref_id: string }
    expect(await conversationsOf(shop, '', ref_id)).toEqual([])
    for (const path of ['', '/messages'])
      expect((await shop.ask(shop.owner, 'GET', `/${ref_id}/conversations/${contact}${path}`)).status).toBe(
        404,
      )
    const sent = await shop.ask(shop.owner, 'POST', `/${ref_id}/conversations/${contact}/messages`, {
      text: 'Hi',
    })
    expect(sent.status).toBe(404)
  })
})
