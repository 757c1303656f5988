import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { callbackOf } from '../../../stack/providers/daraja/till.ts'
import { call } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { addTemplate } from '../bots-scene.ts'
import { type Customer, conversationOf, customer } from '../conversations/scene.ts'
import {
  addPlan,
  type Club,
  check,
  checkNow,
  chooses,
  hears,
  openClub,
  paymentsOf,
  ringing,
  statusOf,
  subscriptionsOf,
} from './scene.ts'

let club: Club
beforeAll(async () => {
  club = await openClub()
  await addTemplate(club)
  await addPlan(club)
}, 60_000)
beforeEach(() => {
  club.daraja.till.misbehaviour = {}
})
afterAll(() => club?.daraja.stop())

/** Posts a callback as anybody can. */
const post = (path: string, body: unknown) => call(path, { method: 'POST', body })

const pathOf = (callback: string) => `/bots${new URL(callback).pathname.split('/functions/v1/bots')[1]}`

const rowOf = async ({ wa_id }: Customer) =>
  (
    await admin.query<{ id: string; attempted: boolean; checkout: string | null; ref_id: string }>(
      `select id, ref_id, attempted_at is not null as attempted, checkout_request_id as checkout
       from public.contact_subscriptions where tenant_id = $1 and phone = $2 order by id desc limit 1`,
      [club.tenant.id, wa_id],
    )
  ).rows[0]!

it('a forged callback that says paid changes nothing: M-Pesa is asked', async () => {
  club.daraja.till.misbehaviour = { no_callbacks: true }
  const ada = await customer(club)
  const prompt = await chooses(club, ada)
  await expect.poll(async () => (await rowOf(ada)).checkout).toBe(prompt.checkout)
  const forged = callbackOf({ ...prompt, result: 0, receipt: 'LFORGED123' })
  const heard = await post(pathOf(prompt.callback), forged)
  expect(await heard.json()).toEqual({ ResultCode: 0, ResultDesc: 'Accepted' })
  await checkNow(club)
  expect(await statusOf(club, ada)).toEqual(['pending'])
  club.daraja.till.end(prompt, 1032)
  await checkNow(club)
  await post(pathOf(prompt.callback), forged)
  await checkNow(club)
  expect(await statusOf(club, ada)).toEqual(['failed'])
})

it('callbacks with another token, of nobody, or that are none, are answered alike and wake nobody', async () => {
  club.daraja.till.misbehaviour = { no_callbacks: true }
  const ben = await customer(club)
  const prompt = await chooses(club, ben)
  await expect.poll(async () => (await rowOf(ben)).checkout).toBe(prompt.checkout)
  const { ref_id } = await rowOf(ben)
  const wake = async () =>
    (
      await admin.query<{ at: Date }>(
        'select next_ask_at as at from public.payment_orders where tenant_id = $1 and provider_order_id = $2',
        [club.tenant.id, prompt.checkout],
      )
    ).rows[0]!.at
  const before = await wake()
  const paid = callbackOf({ ...prompt, result: 0 })
  const token = pathOf(prompt.callback).split('/').at(-1)!
  for (const [path, body] of [
    [`/bots/checkouts/${ref_id}/${'0'.repeat(40)}`, paid],
    [`/bots/checkouts/01JD3N8Q4ZB6T2V9XK5M7R0C1E/${token}`, paid],
    [pathOf(prompt.callback), { Body: {} }],
    [pathOf(prompt.callback), []],
    [pathOf(prompt.callback), callbackOf({ ...prompt, checkout: 'ws_CO_of_somebody_else', result: 0 })],
  ] as const) {
    const answer = await post(path, body)
    expect([answer.status, await answer.json()]).toEqual([200, { ResultCode: 0, ResultDesc: 'Accepted' }])
  }
  expect(await wake()).toEqual(before)
  expect((await rowOf(ben)).checkout).toBe(prompt.checkout)
  club.daraja.till.end(prompt, 1032)
})

it('whoever has the token of an expensive plan cannot put a cheap payment under it', async () => {
  const cheap = await customer(club)
  const paid = await chooses(club, cheap)
  club.daraja.till.end(paid, 0)
  await hears(cheap, /it is paid/)
  club.daraja.till.misbehaviour = { no_callbacks: true, lost_answers: 1 }
  const eve = await customer(club)
  const prompt = await chooses(club, eve)
  await expect.poll(async () => (await rowOf(eve)).attempted).toBe(true)
  await post(pathOf(prompt.callback), callbackOf({ ...prompt, checkout: paid.checkout, result: 0 }))
  await checkNow(club)
  expect(await statusOf(club, eve)).toEqual(['pending'])
  expect((await rowOf(eve)).checkout).toBeNull()
})

it.each(['lost_answers', 'silent_answers'] as const)(
  'a push whose answer is lost rings once, and the callback tells how M-Pesa calls it (%s)',
  async (what) => {
    club.daraja.till.misbehaviour = { [what]: 1 }
    const dan = await customer(club)
    const prompt = await chooses(club, dan)
    club.daraja.till.end(prompt, 0)
    await hears(dan, /it is paid/)
    expect(await statusOf(club, dan)).toEqual(['subscribed'])
    await ringing(club, dan.wa_id, 1)
  },
  40_000,
)

it('a push of which nothing is ever heard is shown to a person, never repeated, and given up after a day', async () => {
  club.daraja.till.misbehaviour = { lost_answers: 1, no_callbacks: true }
  const finn = await customer(club)
  const prompt = await chooses(club, finn)
  club.daraja.till.end(prompt, 0)
  await expect.poll(async () => (await rowOf(finn)).attempted).toBe(true)
  const pass = (time: string) =>
    admin.query(
      `update public.contact_subscriptions set created_at = now() - $3::interval, attempted_at = now() - $3::interval
       where tenant_id = $1 and phone = $2`,
      [club.tenant.id, finn.wa_id, time],
    )
  await pass('16 minutes')
  for (let n = 0; n < 2; n++) await admin.query('select private.tell_of_unclear_payments()')
  expect(await conversationOf(club, finn)).toMatchObject({ escalation_reason: 'payment_unclear' })
  await finn.says('subscribe')
  await hears(finn, /A payment of yours is under way/)
  await pass('25 hours')
  await admin.query('select private.review_subscriptions()')
  await check()
  await hears(finn, /could not find out whether your payment went through/)
  expect(await subscriptionsOf(club, `?contact=${finn.wa_id}`)).toMatchObject([
    { status: 'failed', reason: 'unclear' },
  ])
  // The callback comes after all. Whoever has paid is subscribed.
  await club.daraja.till.tell(prompt)
  await checkNow(club)
  await hears(finn, /it is paid/)
  expect(await statusOf(club, finn)).toEqual(['subscribed'])
  await ringing(club, finn.wa_id, 1)
})

it('M-Pesa that is away for a moment rings later, once', async () => {
  club.daraja.till.misbehaviour = { refuse: { errorCode: '500.003.02', status: 500, times: 1 } }
  const gus = await customer(club)
  const prompt = await chooses(club, gus)
  club.daraja.till.end(prompt, 0)
  await hears(gus, /it is paid/)
  await ringing(club, gus.wa_id, 1)
})

it('what M-Pesa refuses for good has failed at once', async () => {
  club.daraja.till.misbehaviour = { refuse: { errorCode: '400.002.02', status: 400, times: 1 } }
  const hal = await customer(club)
  await hal.says('subscribe')
  await hears(hal, /Write the number of a plan/)
  await hal.says('1')
  await expect.poll(() => statusOf(club, hal), { timeout: 20_000 }).toEqual(['failed'])
  await check()
  await hears(hal, /Music club was not paid/)
})

it('money is counted once, whatever came', async () => {
  const payments = await paymentsOf(club)
  const paid = [...club.daraja.till.prompts.values()].filter(({ result }) => result === 0)
  expect(payments.filter(({ is_settled }) => is_settled)).toHaveLength(paid.length)
  const { rows } = await admin.query(
    `select count(*)::int as n from public.contact_subscriptions where tenant_id = $1 and status = 'subscribed'`,
    [club.tenant.id],
  )
  expect(rows[0].n).toBe(paid.length)
})
