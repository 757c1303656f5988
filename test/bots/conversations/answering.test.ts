import { beforeAll, describe, expect, it } from 'vitest'
import { admin } from '../../kit/db.ts'
import { mailTo } from '../../kit/mailbox.ts'
import { misbehave } from '../../kit/whatsapp.ts'
import { addTemplate, okay, teach } from '../bots-scene.ts'
import { type Counter, conversationOf, conversationsOf, customer, messagesOf, openCounter } from './scene.ts'

let shop: Counter
beforeAll(async () => {
  shop = await openCounter()
  await addTemplate(shop)
  await teach(shop, { question: 'Do you sell ukuleles?', answer: 'Yes, from 4,500 shillings.' })
  await teach(shop, { question: 'When do you open?', answer: 'At nine.' })
})

const set = async (settings: object, of = shop) =>
  okay(await of.ask(of.owner, 'PATCH', `/${of.bot.ref_id}/settings`, settings))
const logOf = async (writer: { wa_id?: string }, of = shop) =>
  messagesOf(of, await conversationOf(of, writer))

describe('a contact who writes', () => {
  it('is answered with the training data, and the log says why', async () => {
    const ada = await customer(shop)
    await ada.says('Do you sell ukuleles?')
    await expect.poll(ada.heard).toEqual(['Yes, from 4,500 shillings.'])
    await expect.poll(async () => (await logOf(ada.writer)).at(-1)?.status).toBe('delivered')
    const messages = await logOf(ada.writer)
    expect(messages).toMatchObject([
      {
        ...{ direction: 'inbound', source: 'contact', text: 'Do you sell ukuleles?' },
        ...{ outcome: 'answered', reason: 'training_data', training_data: expect.any(String) },
      },
      {
        ...{ direction: 'outbound', source: 'bot', text: 'Yes, from 4,500 shillings.' },
        answers: messages[0]!.ref_id,
      },
    ])
    await ada.phone.read()
    await expect.poll(async () => (await logOf(ada.writer)).at(-1)?.status).toBe('read')
  })

  it('is answered by a model, and the call is in the log in the same commit', async () => {
    const ada = await customer(shop)
    await ada.says('ANSWER We tune pianos too')
    await expect.poll(ada.heard).toHaveLength(1)
    const [asked] = await logOf(ada.writer)
    expect(asked).toMatchObject({ reason: 'model', template_used: 'default' })
    const { rows } = await admin.query(
      // now() is when a transaction began. In one of its own, the message would be settled after the call was recorded.
      `select c.status, m.settled_at <= c.created_at as is_one_commit from public.llm_calls as c
       join public.bot_messages as m on m.tenant_id = c.tenant_id and m.llm_call_ref = private.ulid(c.id)
       where c.tenant_id = $1 and m.llm_call_ref = $2`,
      [shop.tenant.id, asked!.llm_call],
    )
    expect(rows).toEqual([{ status: 'ok', is_one_commit: true }])
  })

  it('waits for a person if nobody knows the answer, hears so once, and the people are told once', async () => {
    const ada = await customer(shop, 'Ada Who Waits')
    await set({ escalation_email: 'shop@example.com' })
    await ada.says('Zxqv?')
    await expect.poll(ada.heard).toEqual(['Thank you. Somebody of Kassangas will answer you here.'])
    await ada.says('Zxqv!!')
    await expect
      .poll(async () => (await logOf(ada.writer)).filter(({ outcome }) => outcome === 'escalated').length)
      .toBe(2)
    expect(await conversationOf(shop, ada.writer)).toMatchObject({
      ...{ escalation_reason: 'model_does_not_know', taken_over_at: null, last_text: 'Zxqv!!' },
    })
    expect(await ada.heard()).toHaveLength(1)
    expect((await conversationsOf(shop, '?state=escalated')).map(({ full_name }) => full_name)).toContain(
      'Ada Who Waits',
    )
    const { rows } = await admin.query(
      `select (select count(*)::int from public.notifications as n where n.tenant_id = $1 and n.type = 'conversation.escalated'
          and n.message like 'Ada Who Waits%') as people,
        (select count(*)::int from private.notification_jobs as j where j.tenant_id = $1 and j.address = 'shop@example.com') as mails,
        (select count(*)::int from public.webhook_events as e where e.tenant_id = $1 and e.type = 'conversation.escalated') as events`,
      [shop.tenant.id],
    )
    // The owner, the member and the reviewer.
    expect(rows).toEqual([{ people: 3, mails: 1, events: 1 }])
    const { contact } = await conversationOf(shop, ada.writer)
    const mails = async () => (await mailTo('shop@example.com')).flatMap(({ links }) => links)
    await expect
      .poll(mails, { timeout: 15_000 })
      .toContainEqual(
        expect.stringMatching(
          new RegExp(
            `^http://console.localhost:\\d+/t/${shop.tenant.slug}/bots/${shop.bot.ref_id}/conversations/${contact}$`,
          ),
        ),
      )
    await set({ escalation_email: null })
  })

  it('is answered once for all that is written while the bot thinks, and in order', async () => {
    const ada = await customer(shop)
    const texts = Array.from({ length: 8 }, (_, n) => `When do you open? ${n}`)
    await ada.says(...texts)
    await expect
      .poll(async () => (await logOf(ada.writer)).filter(({ outcome }) => outcome !== null).length)
      .toBe(8)
    const messages = await logOf(ada.writer)
    const received = messages.flatMap(({ direction, text }) => (direction === 'inbound' ? [text] : []))
    // WhatsApp brings them in any order.
    expect(received.toSorted()).toEqual(texts)
    const answers = messages.filter(({ source }) => source === 'bot')
    expect(answers.length).toBeGreaterThan(0)
    expect(answers.length).toBeLessThanOrEqual(8)
    // One effect for each message: no two answers answer one.
    expect(new Set(answers.map((each) => each.answers)).size).toBe(answers.length)
  })

  it('is not answered and not written to after STOP, until START', async () => {
    const ada = await customer(shop)
    await ada.says('Stop!')
    await expect.poll(async () => (await logOf(ada.writer)).at(-1)?.reason).toBe('opted_out')
    await ada.says('When do you open?')
    await expect
      .poll(async () => (await logOf(ada.writer)).map(({ reason }) => reason))
      .toEqual(['opted_out', 'opted_out'])
    const { contact, is_opted_out } = await conversationOf(shop, ada.writer)
    expect(is_opted_out).toBe(true)
    const refused = await shop.ask(
      shop.member,
      'POST',
      `/${shop.bot.ref_id}/conversations/${contact}/messages`,
      { text: 'Hello' },
    )
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
      409,
      'contact_opted_out',
    ])
    expect(await ada.heard()).toEqual([])
    await ada.says('start')
    await ada.says('When do you open?')
    await expect.poll(ada.heard).toContain('At nine.')
  })

  it('waits for a person with a picture, and a reaction is only stored', async () => {
    const ada = await customer(shop)
    await ada.phone.sendFile(new File([new Uint8Array([137, 80, 78, 71])], 'a.png', { type: 'image/png' }))
    await expect.poll(async () => (await logOf(ada.writer))[0]?.reason).toBe('not_text')
    const [{ id }] = (await ada.phone.chat()).messages as unknown as [{ id: string }]
    await ada.phone.send({ type: 'reaction', reaction: { message_id: id, emoji: '🎸' } })
    await expect.poll(async () => (await logOf(ada.writer)).map(({ reason }) => reason)).toContain('reaction')
  })

  it('hears of a limit once a day, and the limit cannot be raced', async () => {
    const small = await openCounter()
    await teach(small, { question: 'When do you open?', answer: 'At nine.' })
    await set({ max_messages_per_user_per_day: 3 }, small)
    const ada = await customer(small)
    for (let n = 0; n < 6; n++) {
      await ada.says('When do you open?')
      await expect
        .poll(async () => (await logOf(ada.writer, small)).filter(({ outcome }) => outcome).length)
        .toBe(n + 1)
    }
    const reasons = (await logOf(ada.writer, small)).flatMap(({ reason }) => reason ?? [])
    expect(reasons).toEqual([...Array(3).fill('training_data'), ...Array(3).fill('day_limit')])
    await expect.poll(ada.heard).toHaveLength(4)
    expect((await ada.heard()).at(-1)).toMatch(/^You have written many messages today/)
    const counted = await Promise.all(
      Array.from({ length: 50 }, () =>
        admin.query<{ is_counted: boolean }>(
          `select private.count_bot_answers($1, private.ulid_to_uuid($2), $3, '2030-01-01', 1, 20) as is_counted`,
          [small.tenant.id, small.bot.ref_id, small.owner.id],
        ),
      ),
    )
    expect(counted.filter(({ rows }) => rows[0]!.is_counted)).toHaveLength(20)
  })

  it('of which only the facts are kept, if conversations are not logged', async () => {
    const quiet = await openCounter()
    await teach(quiet, { question: 'When do you open?', answer: 'At nine.' })
    await set({ log_conversations: false }, quiet)
    const ada = await customer(quiet)
    await ada.says('When do you open?')
    await expect.poll(ada.heard).toEqual(['At nine.'])
    await expect
      .poll(async () => (await logOf(ada.writer, quiet)).map(({ text }) => text))
      .toEqual([null, null])
    expect(await logOf(ada.writer, quiet)).toMatchObject([{ reason: 'training_data' }, { source: 'bot' }])
    const { rows } = await admin.query(
      `select count(*)::int as held from public.webhook_events as e where e.tenant_id = $1 and e.payload::text like '%At nine%'`,
      [quiet.tenant.id],
    )
    expect(rows).toEqual([{ held: 0 }])
  })

  it('becomes a draft of training data, once, in training mode', async () => {
    await set({ enable_training_mode: true })
    const ada = await customer(shop)
    await ada.says('Do you repair accordions?')
    await expect.poll(async () => (await logOf(ada.writer))[0]?.reason).toBe('training_mode')
    await ada.says('do you repair ACCORDIONS')
    await expect.poll(async () => (await logOf(ada.writer)).filter(({ outcome }) => outcome).length).toBe(2)
    await set({ enable_training_mode: false })
    const drafts = await okay(
      await shop.ask(shop.member, 'GET', `/${shop.bot.ref_id}/training-data?has_answer=false`),
    )
    expect(drafts).toMatchObject({
      training_data: [{ question: 'Do you repair accordions?', is_active: false }],
    })
  })

  it('is served whichever status comes first, and a late one changes nothing', async () => {
    const backwards = await openCounter()
    await teach(backwards, { question: 'When do you open?', answer: 'At nine.' })
    await misbehave(backwards.number, { statuses: 'reversed' })
    const ada = await customer(backwards)
    await ada.says('When do you open?')
    await expect.poll(ada.heard).toEqual(['At nine.'])
    await expect
      .poll(async () => {
        await ada.phone.read()
        return (await logOf(ada.writer, backwards)).at(-1)?.status
      })
      .toBe('read')
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect((await logOf(ada.writer, backwards)).at(-1)?.status).toBe('read')
  })
})
