import { afterAll, beforeAll, expect, it } from 'vitest'
import { admin } from '../../kit/db.ts'
import { addTemplate, okay } from '../bots-scene.ts'
import { conversationOf, customer } from '../conversations/scene.ts'
import {
  addPlan,
  type Club,
  check,
  chooses,
  connectMpesa,
  enable,
  hears,
  openClub,
  putMpesa,
  ringing,
  statusOf,
} from './scene.ts'

let club: Club
beforeAll(async () => {
  club = await openClub()
  await addTemplate(club)
  await addPlan(club)
  await addPlan(club, { plan_name: 'Old', amount_minor: 100, level: 9, is_active: false })
  await enable(club, { enable_training_mode: true })
}, 60_000)
afterAll(() => club?.daraja.stop())

const settled = async (wa_id: string, count: number) =>
  expect
    .poll(
      async () =>
        (
          await admin.query<{ n: number }>(
            `select count(*)::int as n from public.bot_messages as m join public.contacts as c on c.tenant_id = m.tenant_id and c.id = m.contact_id
             where m.tenant_id = $1 and c.wa_id = $2 and m.direction = 'inbound' and m.settled_at is not null`,
            [club.tenant.id, wa_id],
          )
        ).rows[0]!.n,
      { timeout: 20_000 },
    )
    .toBe(count)

it('nothing of it happens while the payment flow is off, or without an M-Pesa account', async () => {
  const ada = await customer(club)
  await enable(club, { enable_payment_flow: false })
  await ada.says('subscribe')
  await settled(ada.wa_id, 1)
  await enable(club, { enable_payment_flow: true })
  await okay(
    new Response(JSON.stringify({}), {
      status: (await club.ask(club.owner, 'DELETE', `/${club.bot.ref_id}/mpesa`)).status === 204 ? 200 : 500,
    }),
  )
  await ada.says('subscribe')
  await settled(ada.wa_id, 2)
  await connectMpesa(club, club.daraja)
  expect((await ada.heard()).join()).not.toMatch(/Music club/)
  await ada.says('subscribe')
  await hears(ada, /1\. Music club: KES 500 a month/)
  expect((await ada.heard()).join()).not.toMatch(/Old/)
})

it('a number without an offer, and one an hour after it, is a message as any other', async () => {
  const ben = await customer(club)
  await ben.says('1')
  await settled(ben.wa_id, 1)
  await ben.says('subscribe')
  await hears(ben, /Write the number of a plan/)
  await admin.query(
    `update public.conversation_states set offered_at = now() - interval '1 hour' where tenant_id = $1`,
    [club.tenant.id],
  )
  await ben.says('1')
  await settled(ben.wa_id, 3)
  expect(await statusOf(club, ben)).toEqual([])
})

it('a question beside the word is answered too', async () => {
  const cleo = await customer(club)
  await cleo.says('Do you tune pianos?', 'subscribe')
  await hears(cleo, /Write the number of a plan/)
  await hears(cleo, /Somebody of Kassangas will answer/)
  await settled(cleo.wa_id, 2)
})

it('another number may be typed behind the choice, and what is none of M-Pesa is refused', async () => {
  const dan = await customer(club)
  await dan.says('JIUNGE')
  await hears(dan, /Write the number of a plan/)
  await dan.says('1 020 7946 0958')
  await hears(dan, /This is no M-Pesa number/)
  await dan.says('1 0110 000 321')
  const prompt = await ringing(club, '254110000321')
  await hears(dan, /on \+254110000321 now/)
  club.daraja.till.end(prompt, 0)
  await hears(dan, /it is paid/)
})

it('an offer whose price has changed is not sold: the contact sees the new one', async () => {
  const eve = await customer(club)
  const plan = await addPlan(club, { plan_name: 'Changing', amount_minor: 10_000, level: 3 })
  await eve.says('subscribe')
  await hears(eve, /2\. Changing: KES 100 a month/)
  await okay(
    await club.ask(club.owner, 'PATCH', `/${club.bot.ref_id}/plans/${plan.ref_id}`, { amount_minor: 20_000 }),
  )
  await eve.says('2')
  await hears(eve, /2\. Changing: KES 200 a month/)
  expect(await statusOf(club, eve)).toEqual([])
})

it('two choices at once, in two messages, ring once', async () => {
  const finn = await customer(club)
  await finn.says('subscribe')
  await hears(finn, /Write the number of a plan/)
  await Promise.all([finn.says('1'), finn.says('1'), finn.says('1')])
  await settled(finn.wa_id, 4)
  await ringing(club, finn.wa_id, 1)
  expect(await statusOf(club, finn)).toEqual(['pending'])
})

it('two workers that choose for one contact at once begin one payment', async () => {
  const gus = await customer(club)
  await gus.says('subscribe')
  await hears(gus, /Write the number of a plan/)
  const { rows } = await admin.query<{ contact: string; bot: string; plan: string }>(
    `select c.id as contact, c.bot_id as bot, s.offered_plans[1] as plan
     from public.contacts as c join public.conversation_states as s on s.tenant_id = c.tenant_id and s.contact_id = c.id
     where c.tenant_id = $1 and c.wa_id = $2`,
    [club.tenant.id, gus.wa_id],
  )
  const { contact, bot, plan } = rows[0]!
  // Each worker has a message of its own, so that only the payment that is under way keeps them apart.
  const written = await admin.query<{ id: string }>(
    `insert into public.bot_messages (tenant_id, bot_id, contact_id, direction, source, message_text)
     select $1, $2, $3, 'inbound', 'contact', '1' from generate_series(1, 4) returning id`,
    [club.tenant.id, bot, contact],
  )
  const outcomes = await Promise.all(
    written.rows.map(async ({ id }) => {
      const chosen = await admin.query<{ outcome: string }>(
        `select private.choose_bot_plan($1, $2, array[$3]::uuid[], $4, 50000, $5, 'Look at your phone.') as outcome`,
        [club.tenant.id, contact, id, plan, gus.wa_id],
      )
      return chosen.rows[0]!.outcome
    }),
  )
  expect(outcomes.sort()).toEqual(['begun', 'pending', 'pending', 'pending'])
  await ringing(club, gus.wa_id, 1)
  expect(await statusOf(club, gus)).toEqual(['pending'])
})

it('a contact begins five payments in a day', async () => {
  const hal = await customer(club)
  for (let n = 0; n < 5; n++) {
    club.daraja.till.end(await chooses(club, hal), 1032)
    await expect
      .poll(async () => (await statusOf(club, hal)).includes('pending'), { timeout: 20_000 })
      .toBe(false)
  }
  await hal.says('subscribe')
  await settled(hal.wa_id, 11)
  await hal.says('1')
  await hears(hal, /begun five payments today/)
  await ringing(club, hal.wa_id, 5)
})

it('who writes STOP is neither rung nor written to', async () => {
  const ida = await customer(club)
  const prompt = await chooses(club, ida)
  await hears(ida, /asks for your PIN/)
  const before = (await ida.heard()).length
  await ida.says('STOP')
  club.daraja.till.end(prompt, 0)
  await expect.poll(() => statusOf(club, ida), { timeout: 20_000 }).toEqual(['subscribed'])
  await check()
  expect((await ida.heard()).length).toBe(before)
})

it('while a person answers, the bot offers nothing and says nothing of payments', async () => {
  const jo = await customer(club)
  const prompt = await chooses(club, jo)
  await hears(jo, /asks for your PIN/)
  const { contact } = await conversationOf(club, jo)
  await okay(await club.ask(club.member, 'POST', `/${club.bot.ref_id}/conversations/${contact}/take-over`))
  const before = (await jo.heard()).length
  await jo.says('subscribe')
  await settled(jo.wa_id, 3)
  club.daraja.till.end(prompt, 0)
  await expect.poll(() => statusOf(club, jo), { timeout: 20_000 }).toEqual(['subscribed'])
  await check()
  expect((await jo.heard()).length).toBe(before)
})

it('a month that ends soon is told once, and only while the window is open', async () => {
  const kim = await customer(club)
  club.daraja.till.end(await chooses(club, kim), 0)
  await hears(kim, /it is paid/)
  const wrote = (ago: string) =>
    admin.query(
      `update public.conversation_states as s set last_received_at = now() - $3::interval
       from public.contacts as c where s.tenant_id = $1 and c.tenant_id = $1 and c.id = s.contact_id and c.wa_id = $2`,
      [club.tenant.id, kim.wa_id, ago],
    )
  await wrote('25 hours')
  await admin.query(
    `update public.contact_subscriptions set expires_at = now() + interval '2 days' where tenant_id = $1 and phone = $2`,
    [club.tenant.id, kim.wa_id],
  )
  await check()
  expect((await kim.heard()).join()).not.toMatch(/ends on/)
  await wrote('1 hour')
  await check()
  await check()
  await hears(kim, /Your Music club ends on .* To renew it, write SUBSCRIBE/)
  expect((await kim.heard()).filter((text) => /ends on/.test(text))).toHaveLength(1)
})

it('who renews early loses no day', async () => {
  const lea = await customer(club)
  for (let n = 0; n < 2; n++) {
    club.daraja.till.end(await chooses(club, lea), 0)
    await expect
      .poll(async () => (await statusOf(club, lea)).filter((status) => status === 'subscribed').length, {
        timeout: 20_000,
      })
      .toBe(n + 1)
  }
  const { rows } = await admin.query(
    `select count(*)::int as n, min(expires_at) = max(starts_at) as is_gapless, max(expires_at) > now() + interval '58 days' as is_long
     from public.contact_subscriptions where tenant_id = $1 and phone = $2`,
    [club.tenant.id, lea.wa_id],
  )
  expect(rows[0]).toEqual({ n: 2, is_gapless: true, is_long: true })
})

it('a contact who is forgotten leaves what was paid, without the number', async () => {
  const max = await customer(club)
  const prompt = await chooses(club, max)
  await hears(max, /asks for your PIN/)
  const { contact } = await conversationOf(club, max)
  expect((await club.ask(club.owner, 'DELETE', `/${club.bot.ref_id}/conversations/${contact}`)).status).toBe(
    204,
  )
  club.daraja.till.end(prompt, 0)
  const order = () =>
    admin.query(
      `select o.status, s.phone, s.contact_id, s.status as subscription from public.payment_orders as o
       join public.contact_subscriptions as s on s.tenant_id = o.tenant_id and s.order_id = o.id
       where o.tenant_id = $1 and o.provider_order_id = $2`,
      [club.tenant.id, prompt.checkout],
    )
  await expect.poll(async () => (await order()).rows[0]?.status, { timeout: 20_000 }).toBe('refund_due')
  expect((await order()).rows[0]).toMatchObject({ phone: null, contact_id: null, subscription: 'failed' })
})

it('the secrets are never shown, go to no other server, and each reading is in the log', async () => {
  const shown = await club.ask(club.owner, 'GET', `/${club.bot.ref_id}/mpesa`)
  expect(await shown.text()).not.toMatch(/local-(consumer|passkey)/)
  const moved = await putMpesa(club, { shortcode: '174379', base_url: 'http://127.0.0.1:9' })
  expect(moved.status).toBe(422)
  expect(
    await okay(await putMpesa(club, { shortcode: '174379', base_url: `${club.daraja.url}` })),
  ).toBeDefined()
  const { rows } = await admin.query(
    `select count(*)::int as n from private.audit_pending where tenant_id = $1 and action = 'bot_mpesa.secrets_read'
     union all select count(*)::int from public.audit_log where tenant_id = $1 and action = 'bot_mpesa.secrets_read'`,
    [club.tenant.id],
  )
  expect(rows[0].n + rows[1].n).toBeGreaterThan(0)
})

it.each([
  ['START', 422],
  ['stop', 422],
  ['12', 422],
  ['members', 200],
])('the word %s for subscribing gives %i', async (word, status) => {
  const answer = await club.ask(club.owner, 'PATCH', `/${club.bot.ref_id}/settings`, {
    subscribe_words: [word, 'subscribe'],
  })
  expect(answer.status).toBe(status)
})
