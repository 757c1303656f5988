import { beforeAll, describe, expect, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { changeNumber, misbehave } from '../../kit/whatsapp.ts'
import { okay, teach } from '../bots-scene.ts'
import { type Counter, type Customer, conversationOf, customer, messagesOf, openCounter } from './scene.ts'

let shop: Counter
beforeAll(async () => {
  shop = await openCounter()
  await teach(shop, { question: 'When do you open?', answer: 'At nine.' })
})

const logOf = async ({ writer }: Customer, of = shop) => messagesOf(of, await conversationOf(of, writer))
const lastOf = async (ada: Customer, of = shop) => (await logOf(ada, of)).at(-1)
/** As if the waits of the queue were over. */
const passTime = async ({ tenant }: Counter) => {
  for (const [table, column] of [
    ['queue_items', 'next_at'],
    ['queue_lanes', 'next_at'],
    ['queue_lanes', 'blocked_until_at'],
    ['queue_tenants', 'next_at'],
  ])
    await admin.query(
      `update private.${table} set ${column} = now() - interval '1 second'
       where tenant_id = $1 and queue = 'bot_messages' and ${column} < 'infinity' and ${column} > now()`,
      [tenant.id],
    )
  await admin.query(`select private.wake_dispatcher('bot_messages', true)`)
}
const path = async (ada: Customer, more = '', of = shop) =>
  `/${of.bot.ref_id}/conversations/${(await conversationOf(of, ada.writer)).contact}${more}`
const writes = async (ada: Customer, text: string, by = shop.member, of = shop) =>
  of.ask(by, 'POST', await path(ada, '/messages', of), { text })

describe('a person', () => {
  it('takes a conversation over by writing, and the bot is quiet until it is handed back', async () => {
    const ada = await customer(shop)
    await ada.says('When do you open?')
    await expect.poll(ada.heard).toEqual(['At nine.'])
    expect(await okay(await writes(ada, 'This is Sam. How can I help?'), 202)).toMatchObject({
      ...{ source: 'person', status: 'waiting', direction: 'outbound' },
    })
    await expect.poll(ada.heard).toContain('This is Sam. How can I help?')
    expect(await conversationOf(shop, ada.writer)).toMatchObject({ taken_over_by: shop.member.id })
    await ada.says('When do you open?')
    await expect.poll(async () => (await lastOf(ada))?.reason).toBe('taken_over')
    expect(await ada.heard()).toHaveLength(2)
    await okay(await shop.ask(shop.member, 'POST', await path(ada, '/hand-back')))
    await ada.says('When do you open?')
    await expect.poll(ada.heard).toHaveLength(3)
  })

  it('takes over while the bot thinks: the answer of the bot is not sent', async () => {
    const ada = await customer(shop)
    await ada.says('When do you open?')
    await expect.poll(ada.heard).toHaveLength(1)
    const { contact } = await conversationOf(shop, ada.writer)
    const { rows } = await admin.query<{ id: string }>(
      `insert into public.bot_messages (tenant_id, bot_id, contact_id, direction, source, message_text)
       select c.tenant_id, c.bot_id, c.id, 'inbound', 'contact', 'Hello?' from public.contacts as c where c.tenant_id = $1 and c.ref_id = $2
       returning id`,
      [shop.tenant.id, contact],
    )
    await okay(await shop.ask(shop.member, 'POST', await path(ada, '/take-over')))
    const settled = () =>
      admin.query(
        `select private.settle_bot_answer($1, private.ulid_to_uuid($2), $3, 'answered', 'model', '{Hello from the bot}') as is_settled`,
        [shop.tenant.id, contact, [rows[0]!.id]],
      )
    expect((await settled()).rows).toEqual([{ is_settled: true }])
    expect((await settled()).rows).toEqual([{ is_settled: false }])
    expect((await logOf(ada)).filter(({ text }) => text === 'Hello from the bot')).toEqual([])
    expect(await lastOf(ada)).toMatchObject({ outcome: 'silent', reason: 'taken_over' })
  })

  it('cannot write after 24 hours, nor nothing, nor too much', async () => {
    const ada = await customer(shop)
    await ada.says('When do you open?')
    await expect.poll(ada.heard).toHaveLength(1)
    for (const text of ['', ' \n ', 'x'.repeat(4_097), 7, null, 'a\u0000b'])
      expect((await writes(ada, text as string)).status).toBeOneOf([400, 422])
    await admin.query(
      `update public.conversation_states set last_received_at = now() - interval '24 hours 1 second'
       where tenant_id = $1 and contact_id = (select id from public.contacts where tenant_id = $1 and wa_id = $2)`,
      [shop.tenant.id, ada.wa_id],
    )
    expect(await problemOf(await writes(ada, 'Hello'))).toMatchObject({ status: 409, code: 'window_closed' })
  })

  it('forgets a contact with all messages, and whoever writes again is a new one', async () => {
    const ada = await customer(shop)
    await ada.says('When do you open?')
    await expect.poll(ada.heard).toHaveLength(1)
    const before = await path(ada)
    expect((await shop.ask(shop.member, 'DELETE', before)).status).toBe(403)
    expect((await shop.ask(shop.owner, 'DELETE', before)).status).toBe(204)
    expect((await shop.ask(shop.owner, 'GET', before)).status).toBe(404)
    const { rows } = await admin.query(
      `select (select count(*)::int from public.bot_messages as m where m.tenant_id = $1 and m.raw_payload::text like $2) as messages,
        (select count(*)::int from public.webhook_events as e where e.tenant_id = $1 and e.payload::text like $3) as events`,
      [shop.tenant.id, `%${ada.wa_id}%`, `%${before.split('/').at(-1)}%`],
    )
    expect(rows).toEqual([{ messages: 0, events: 0 }])
    await ada.says('When do you open?')
    await expect.poll(ada.heard).toHaveLength(2)
    expect(await path(ada)).not.toBe(before)
  })
})

describe('a program', () => {
  it('writes with a key, and leaves the conversation to the bot', async () => {
    const ada = await customer(shop)
    await ada.says('When do you open?')
    await expect.poll(ada.heard).toHaveLength(1)
    const made = await call(`/registry/tenants/${shop.tenant.slug}/api-keys`, {
      ...{ token: shop.owner.token, body: { name: 'orders', scopes: ['bots:write'] } },
    })
    const { key } = (await okay(made, 201)) as { key: string }
    const answer = await call(`/bots/bots${await path(ada, '/messages')}`, {
      ...{ token: key, body: { text: 'Your order is ready.' } },
    })
    expect(await okay(answer, 202)).toMatchObject({ source: 'api_key' })
    await expect.poll(ada.heard).toContain('Your order is ready.')
    expect(await conversationOf(shop, ada.writer)).toMatchObject({ taken_over_at: null })
    const read = await call(`/bots/bots${await path(ada)}`, { token: key })
    expect(read.status).toBe(403)
  })
})

describe('WhatsApp', () => {
  it.each([130_429, 131_056, 131_048, 80_007, 4, 133_016])(
    'that asks to wait with %i is asked again later, and the message comes once',
    async (code) => {
      const busy = await openCounter()
      const ada = await customer(busy)
      await ada.says('Hello')
      await expect.poll(ada.heard).toHaveLength(1)
      await misbehave(busy.number, { refuse: { code, times: 1 } })
      await okay(await writes(ada, 'Hello', busy.member, busy), 202)
      await expect.poll(async () => (await lastOf(ada, busy))?.error_code).toBe(code)
      expect(await lastOf(ada, busy)).toMatchObject({ status: 'waiting' })
      await passTime(busy)
      await expect.poll(async () => (await lastOf(ada, busy))?.status).toBe('delivered')
      expect(await lastOf(ada, busy)).toMatchObject({ error_code: null, error_message: null })
      expect(await ada.heard()).toHaveLength(2)
    },
  )

  it('that does not know the token pauses the bot, and tells its managers; nothing is lost', async () => {
    const locked = await openCounter()
    const ada = await customer(locked)
    await ada.says('Hello')
    await expect.poll(ada.heard).toHaveLength(1)
    await misbehave(locked.number, { refuse: { code: 190, times: 1 } })
    await okay(await writes(ada, 'Are you there?', locked.member, locked), 202)
    const number = async () =>
      (await okay(await locked.ask(locked.owner, 'GET', `/${locked.bot.ref_id}/number`))) as {
        paused_reason: string
      }
    await expect.poll(async () => (await number()).paused_reason).toBe('token_invalid')
    expect(await lastOf(ada, locked)).toMatchObject({ status: 'waiting', error_code: 190 })
    await okay(await locked.ask(locked.member, 'POST', await path(ada, '/hand-back', locked)))
    await ada.says('Anybody?')
    await expect.poll(async () => (await lastOf(ada, locked))?.reason).toBe('paused')
    await okay(await locked.ask(locked.owner, 'POST', `/${locked.bot.ref_id}/number/verify`))
    expect((await number()).paused_reason).toBeNull()
    await passTime(locked)
    await expect.poll(ada.heard).toContain('Are you there?')
  })

  it('that does not answer is not asked again before its status comes: the contact reads it once', async () => {
    const ada = await customer(shop)
    await ada.says('When do you open?')
    await expect.poll(ada.heard).toHaveLength(1)
    await misbehave(shop.number, { lost_answers: 1 })
    await okay(await writes(ada, 'Once'), 202)
    await expect.poll(async () => (await lastOf(ada))?.status).toBe('delivered')
    await passTime(shop)
    await expect
      .poll(async () => {
        const { rows } = await admin.query(
          `select from private.queue_items where tenant_id = $1 and queue = 'bot_messages'`,
          [shop.tenant.id],
        )
        return rows.length
      })
      .toBe(0)
    expect((await ada.heard()).filter((text) => text === 'Once')).toHaveLength(1)
  })

  it('that lost the answer and the status is asked again after ten minutes', async () => {
    const silent = await openCounter()
    const ada = await customer(silent)
    await ada.says('Hello')
    await expect.poll(ada.heard).toHaveLength(1)
    await misbehave(silent.number, { lost_answers: 1, statuses: 'none' })
    await okay(await writes(ada, 'Twice', silent.member, silent), 202)
    await expect.poll(ada.heard).toHaveLength(2)
    await passTime(silent)
    expect(await lastOf(ada, silent)).toMatchObject({ status: 'unknown' })
    await admin.query(
      `update public.bot_messages set attempted_at = attempted_at - interval '11 minutes' where tenant_id = $1 and attempted_at is not null`,
      [silent.tenant.id],
    )
    await expect
      .poll(async () => {
        await passTime(silent)
        return (await lastOf(ada, silent))?.status
      })
      .toBe('sent')
  })

  it.each([131_026, 131_047])(
    'that refuses with %i is not asked again, and the reason stands in the log',
    async (code) => {
      const ada = await customer(shop)
      await ada.says('When do you open?')
      await expect.poll(ada.heard).toHaveLength(1)
      await misbehave(shop.number, { refuse: { code, times: 1 } })
      await okay(await writes(ada, 'Hello'), 202)
      await expect.poll(async () => lastOf(ada)).toMatchObject({ status: 'failed', error_code: code })
      // A status that comes too late mends nothing, and takes no reason away.
      const { ref_id } = (await lastOf(ada))!
      await admin.query('select private.take_bot_statuses($1, private.ulid_to_uuid($2), $3)', [
        ...[shop.tenant.id, shop.bot.ref_id],
        JSON.stringify([{ wamid: `wamid.late.${ref_id}`, ref: ref_id, status: 'delivered' }]),
      ])
      expect(await lastOf(ada)).toMatchObject({ status: 'failed', error_code: code })
      expect(await ada.heard()).toHaveLength(1)
    },
  )

  it('that fails afterwards is in the log too, and a later status does not mend it', async () => {
    const ada = await customer(shop)
    await ada.says('When do you open?')
    await expect.poll(ada.heard).toHaveLength(1)
    await misbehave(shop.number, { fail: { code: 131_026, times: 1 } })
    await okay(await writes(ada, 'Hello'), 202)
    await expect.poll(async () => lastOf(ada)).toMatchObject({ status: 'failed', error_code: 131_026 })
  })

  it('that breaks down gets the message when it works again', async () => {
    const broken = await openCounter()
    const ada = await customer(broken)
    await ada.says('Hello')
    await expect.poll(ada.heard).toHaveLength(1)
    await misbehave(broken.number, { server_errors: 2 })
    await okay(await writes(ada, 'Still here', broken.member, broken), 202)
    await expect
      .poll(async () => {
        await passTime(broken)
        return ada.heard()
      })
      .toContain('Still here')
    expect((await ada.heard()).filter((text) => text === 'Still here')).toHaveLength(1)
  })

  it('that takes one message in six seconds of one contact gets all of them in order', async () => {
    const slow = await openCounter()
    await changeNumber(slow.number, { limits: { pair_burst: 3, per_second: null } })
    const ada = await customer(slow)
    await ada.says('Hello')
    await expect.poll(ada.heard).toHaveLength(1)
    const texts = Array.from({ length: 5 }, (_, n) => `Part ${n}`)
    for (const text of texts) await okay(await writes(ada, text, slow.member, slow), 202)
    await changeNumber(slow.number, { limits: { pair_burst: null, per_second: null } })
    await expect
      .poll(async () => {
        await passTime(slow)
        return (await ada.heard()).slice(1)
      })
      .toEqual(texts)
  })
})
