import { afterAll, beforeAll, expect, it } from 'vitest'
import { admin } from '../../kit/db.ts'
import { addTemplate, teach } from '../bots-scene.ts'
import { customer } from '../conversations/scene.ts'
import {
  addPlan,
  type Club,
  check,
  checkNow,
  chooses,
  enable,
  eventsOf,
  hears,
  openClub,
  paymentsOf,
  statusOf,
  subscriptionsOf,
} from './scene.ts'

let club: Club
beforeAll(async () => {
  club = await openClub()
  await addTemplate(club)
  await addPlan(club)
  await addPlan(club, { plan_name: 'Workshop', amount_minor: 150_000, level: 2, plan_type: 'one' })
}, 60_000)
afterAll(() => club?.daraja.stop())

it('a contact subscribes by writing a word and a number, and enters the PIN', async () => {
  const ada = await customer(club)
  await ada.says('Subscribe!')
  await hears(ada, /1\. Music club: KES 500 a month\n2\. Workshop: KES 1,500 once\n.*\+2547/)
  const prompt = await chooses(club, ada)
  expect(prompt).toMatchObject({ amount: 500, phone: ada.wa_id, shortcode: '174379' })
  await hears(ada, /Music club, KES 500: M-Pesa asks for your PIN/)
  expect(await statusOf(club, ada)).toEqual(['pending'])
  club.daraja.till.end(prompt, 0)
  await hears(ada, /Thank you, it is paid\. You have Music club until/)
  const [subscription] = await subscriptionsOf(club, `?contact=${ada.wa_id}`)
  expect(subscription).toMatchObject({
    ...{ status: 'subscribed', plan_name: 'Music club', level: 1, amount_minor: 50_000, phone: ada.wa_id },
    checkout_request_id: prompt.checkout,
  })
  expect(
    Number(new Date(subscription!.expires_at!)) - Number(new Date(subscription!.starts_at!)),
  ).toBeGreaterThan(27 * 864e5)
  const changes = (await eventsOf(club, 'subscription.changed')).map(
    ({ subscription }) => subscription as { status: string; contact: string },
  )
  expect(changes.map(({ status }) => status)).toEqual(['pending', 'subscribed'])
})

it.each([
  ['cancels', 1032, /You cancelled the payment\. Music club was not paid/, 'cancelled'],
  ['has too little money', 1, /not enough money/, 'insufficient_funds'],
  ['does not answer', 1037, /no answer from the phone/, 'no_answer'],
  ['types a wrong PIN', 2001, /PIN was wrong/, 'wrong_pin'],
])('who %s is told, has no subscription, and can try again', async (_what, code, said, reason) => {
  const ben = await customer(club)
  club.daraja.till.end(await chooses(club, ben), code)
  await hears(ben, said)
  expect(await subscriptionsOf(club, `?contact=${ben.wa_id}`)).toMatchObject([{ status: 'failed', reason }])
  club.daraja.till.end(await chooses(club, ben), 0)
  await hears(ben, /it is paid/)
  expect((await statusOf(club, ben)).sort()).toEqual(['failed', 'subscribed'])
})

it('what was paid for opens training data and templates, and nothing of it before', async () => {
  await teach(club, { question: 'When is the members evening?', answer: 'On Friday at seven.', min_level: 1 })
  await enable(club, { enable_training_mode: true })
  const cleo = await customer(club)
  await cleo.says('When is the members evening?')
  await hears(cleo, /Somebody of Kassangas will answer/)
  expect((await cleo.heard()).join()).not.toMatch(/Friday/)
  club.daraja.till.end(await chooses(club, cleo), 0)
  await hears(cleo, /it is paid/)
  await cleo.says('When is the members evening?')
  await hears(cleo, /On Friday at seven/)
  await admin.query(
    `update public.contact_subscriptions set starts_at = now() - interval '40 days', expires_at = now() - interval '1 second'
     where tenant_id = $1 and phone = $2`,
    [club.tenant.id, cleo.wa_id],
  )
  await cleo.says('When is the members evening?')
  await expect
    .poll(
      async () =>
        (
          await admin.query(
            `select m.reason from public.bot_messages as m join public.contacts as c on c.tenant_id = m.tenant_id and c.id = m.contact_id
       where m.tenant_id = $1 and c.wa_id = $2 and m.direction = 'inbound' order by m.id desc limit 1`,
            [club.tenant.id, cleo.wa_id],
          )
        ).rows[0].reason,
    )
    .toBe('training_mode')
  await admin.query('select private.review_subscriptions()')
  expect(await statusOf(club, cleo)).toEqual(['expired'])
  await check()
  await hears(cleo, /Your Music club has ended/)
})

it('the callback may come twice, late or not at all: one effect', async () => {
  club.daraja.till.misbehaviour = { duplicates: 4, slow_queries: 1 }
  const dan = await customer(club)
  const prompt = await chooses(club, dan)
  club.daraja.till.end(prompt, 0)
  await expect
    .poll(
      async () => {
        await checkNow(club)
        return statusOf(club, dan)
      },
      { timeout: 20_000 },
    )
    .toEqual(['subscribed'])
  await club.daraja.till.tell(prompt)
  await checkNow(club)
  club.daraja.till.misbehaviour = { no_callbacks: true }
  const eve = await customer(club)
  club.daraja.till.end(await chooses(club, eve), 0)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(await statusOf(club, eve)).toEqual(['pending'])
  await checkNow(club)
  expect(await statusOf(club, eve)).toEqual(['subscribed'])
  club.daraja.till.misbehaviour = {}
  await hears(dan, /it is paid/)
  await hears(eve, /it is paid/)
  await checkNow(club)
  for (const each of [dan, eve])
    expect((await each.heard()).filter((text) => /it is paid/.test(text))).toHaveLength(1)
  expect(
    (await paymentsOf(club)).every(({ payment, is_settled }) => (payment === 'paid') === is_settled),
  ).toBe(true)
})
