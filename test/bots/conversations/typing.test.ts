import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { admin } from '../../kit/db.ts'
import { misbehave } from '../../kit/whatsapp.ts'
import { addTemplate, okay, teach } from '../bots-scene.ts'
import { addContact } from './contacts.ts'
import { type Counter, type Customer, conversationOf, customer, messagesOf, openCounter } from './scene.ts'

/** Whoever is asked here thinks until it is let go. */
let thinking: ServerResponse[] = []
const model = createServer((_, response) => thinking.push(response))
const thought = JSON.stringify({
  choices: [{ message: { content: 'We do.' } }],
  usage: { prompt_tokens: 9, completion_tokens: 3 },
})
function letGo() {
  for (const response of thinking)
    response.writeHead(200, { 'content-type': 'application/json' }).end(thought)
  thinking = []
}

let shop: Counter
beforeAll(async () => {
  await new Promise<void>((resolve) => model.listen(0, '127.0.0.1', resolve))
  shop = await openCounter()
  await addTemplate(shop)
  await teach(shop, { question: 'When do you open?', answer: 'At nine.' })
  await admin.query(`select private.set_bot_model($1, private.ulid_to_uuid($2), 'custom', $3, 'slow')`, [
    ...[shop.tenant.id, shop.bot.ref_id, `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`],
  ])
})
afterAll(() => model.close())
afterEach(async () => {
  await misbehave(shop.number, {})
  await set({ is_typing_shown: true, is_bot_enabled: true, enable_auto_reply: true })
})

const set = async (settings: object) =>
  okay(await shop.ask(shop.owner, 'PATCH', `/${shop.bot.ref_id}/settings`, settings))
/** How far each message of the customer got, and whether an answer is being typed. */
async function seenBy({ phone }: Customer) {
  const { messages, typing_until } = await phone.chat()
  return {
    ticks: messages.flatMap(({ from, status }) => (from === 'phone' ? [status] : [])),
    isTyping: typing_until !== null && Date.parse(typing_until) > Date.now(),
  }
}
const reasonsOf = async ({ writer }: Customer) =>
  (await messagesOf(shop, await conversationOf(shop, writer))).map(({ reason }) => reason)

it('a customer sees that the message is read and the bot types, until the answer comes', async () => {
  const ada = await customer(shop)
  await ada.says('Do you tune pianos?')
  await expect.poll(() => thinking).toHaveLength(1)
  await expect.poll(() => seenBy(ada)).toEqual({ ticks: ['read'], isTyping: true })
  letGo()
  await expect.poll(ada.heard).toEqual(['We do.'])
  expect(await seenBy(ada)).toEqual({ ticks: ['read'], isTyping: false })
})

it('an answer that is there at once waits for the mark, so that no typing follows it', async () => {
  await misbehave(shop.number, { mark_delay_ms: 700 })
  const ada = await customer(shop)
  await ada.says('When do you open?')
  await expect.poll(async () => (await seenBy(ada)).ticks).toEqual(['read'])
  await expect.poll(ada.heard).toEqual(['At nine.'])
  await expect.poll(async () => (await seenBy(ada)).isTyping, { timeout: 5_000 }).toBe(false)
})

it('an answer does not wait longer than two seconds', async () => {
  await misbehave(shop.number, { mark_delay_ms: 60_000 })
  const ada = await customer(shop)
  await ada.says('When do you open?')
  await expect.poll(ada.heard, { timeout: 30_000 }).toEqual(['At nine.'])
})

it('an answer comes all the same if WhatsApp does not take the mark', async () => {
  const ada = await customer(shop)
  await misbehave(shop.number, { server_errors: 1 })
  await ada.says('When do you open?')
  await expect.poll(ada.heard).toEqual(['At nine.'])
  const { ticks } = await seenBy(ada)
  expect(ticks).not.toContain('read')
  // It was sent at the first attempt: what failed was the mark.
  const { rows } = await admin.query(
    `select m.error_code from public.bot_messages as m join public.contacts as c on c.tenant_id = m.tenant_id and c.id = m.contact_id
     where m.tenant_id = $1 and c.wa_id = $2 and m.direction = 'outbound'`,
    [shop.tenant.id, ada.wa_id],
  )
  expect(rows).toEqual([{ error_code: null }])
})

it.each<[string, object, string]>([
  ['whose bot is to show nothing', { is_typing_shown: false }, 'training_data'],
  ['whose bot is switched off', { is_bot_enabled: false }, 'not_enabled'],
  ['whom a person will answer', { enable_auto_reply: false }, 'auto_reply_off'],
])('a customer %s sees nothing', async (_who, settings, reason) => {
  await set(settings)
  const ada = await customer(shop)
  await ada.says('When do you open?')
  await expect.poll(() => reasonsOf(ada)).toContain(reason)
  const { ticks, isTyping } = await seenBy(ada)
  expect([ticks.includes('read'), isTyping]).toEqual([false, false])
})

it('a picture stays unread, because a person has to look at it', async () => {
  const ada = await customer(shop)
  await ada.phone.sendFile(new File([new Uint8Array([137, 80, 78, 71])], 'a.png', { type: 'image/png' }))
  await expect.poll(() => reasonsOf(ada)).toContain('not_text')
  const { ticks, isTyping } = await seenBy(ada)
  expect([ticks.includes('read'), isTyping]).toEqual([false, false])
})

it('a message is marked once, however often the bot tries to answer', async () => {
  const contact = await addContact(shop.tenant, shop.bot.ref_id)
  const { rows } = await admin.query<{ id: string }>(
    `insert into public.bot_messages (tenant_id, bot_id, contact_id, direction, source, message_text, whatsapp_message_id)
     select c.tenant_id, c.bot_id, c.id, 'inbound', 'contact', t.text, 'wamid.' || t.text
     from public.contacts as c, unnest('{first,second}'::text[]) as t (text) where c.tenant_id = $1 and c.ref_id = $2
     returning id`,
    [shop.tenant.id, contact],
  )
  const begin = async () =>
    (
      await admin.query<{ unread: string | null }>(
        'select b.unread from private.begin_bot_answer($1, $2) as b',
        [shop.tenant.id, rows[0]!.id],
      )
    ).rows
  expect(await begin()).toEqual([{ unread: 'wamid.second' }])
  expect(await begin()).toEqual([{ unread: null }])
})
