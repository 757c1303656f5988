import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { admin } from '../../kit/db.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { bySendgrid } from './signing.ts'
import {
  base,
  keys,
  makeJob,
  type Provider,
  send,
  setProvider,
  setSendgrid,
  stateOf,
  suppressedOf,
  taken,
} from './world.ts'

let tenant: Tenant
let provider: Provider
beforeEach(async () => {
  tenant = await makeTenant()
  provider = await setProvider(tenant)
})
describe('an address', () => {
  let sendgrid: Provider
  beforeEach(async () => {
    sendgrid = await setSendgrid(tenant)
  })
  const say = async (event: object) => {
    const job = await makeJob(tenant, sendgrid, { channel: 'email', address: 'bob@example.com' })
    const whole = {
      sg_event_id: randomUUID(),
      email: 'Bob@Example.com',
      job: `${tenant.id}.${job}`,
      ...event,
    }
    await taken(send(sendgrid, bySendgrid(keys.privateKey, [whole])))
    return job
  }
  const soft = { event: 'bounce', type: 'blocked', reason: '452 full' }

  it.each([
    ['bounces for good', { event: 'bounce', type: 'bounce' }, 'bounced'],
    ['complains', { event: 'spamreport' }, 'complained'],
    ['unsubscribes at the provider', { event: 'unsubscribe' }, 'unsubscribed'],
  ])('that %s is suppressed at once', async (_, event, reason) => {
    await say(event)
    expect(await suppressedOf(tenant)).toEqual([
      { channel: 'email', address: 'bob@example.com', reason, ends: false },
    ])
  })

  it('that bounces softly is suppressed for 14 days, the third time in 7 days', async () => {
    expect(await stateOf(await say(soft))).toEqual({ status: 'failed', error: '452 full' })
    await say(soft)
    expect(await suppressedOf(tenant)).toEqual([])
    await admin.query(
      `update private.notification_callbacks set created_at = now() - interval '8 days' where tenant_id = $1`,
      [tenant.id],
    )
    await say(soft)
    expect(await suppressedOf(tenant)).toEqual([])
    await say(soft)
    await say(soft)
    const { rows } = await admin.query(
      `select expires_at between now() + interval '13 days' and now() + interval '15 days' as is_right
       from public.notification_suppressions where tenant_id = $1`,
      [tenant.id],
    )
    expect(rows).toEqual([{ is_right: true }])
  })

  it('that unsubscribed stays so, however often it bounces softly', async () => {
    await say({ event: 'unsubscribe' })
    for (let n = 0; n < 3; n++) await say(soft)
    expect(await suppressedOf(tenant)).toMatchObject([{ reason: 'unsubscribed', ends: false }])
  })

  it('that is no address suppresses nothing', async () => {
    await say({ event: 'bounce', email: 'bob @example.com\r\nx' })
    expect(await suppressedOf(tenant)).toEqual([])
  })
})

describe('WhatsApp asks for the token when a callback is set up', () => {
  const ask = (of: Provider, token: string, mode = 'subscribe', challenge = '1158201444') =>
    fetch(`${base}/${of.ref_id}?hub.mode=${mode}&hub.verify_token=${token}&hub.challenge=${challenge}`)

  it('and gets its challenge back, as text', async () => {
    const verify_token = randomUUID()
    const meta = await setProvider(tenant, 'whatsapp', 'whatsapp_business_api', {
      phone_number_id: '10000',
      template: 'note',
      verify_token,
    })
    const answer = await ask(meta, verify_token)
    expect([answer.status, await answer.text()]).toEqual([200, '1158201444'])
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
    expect((await ask(meta, 'another')).status).toBe(400)
    expect((await ask(meta, verify_token, 'unsubscribe')).status).toBe(400)
    expect((await ask(meta, verify_token, 'subscribe', '%3Cscript%3E')).status).toBe(400)
    expect((await ask(provider, verify_token)).status).toBe(400)
  })

  it('without a token nobody knows it', async () => {
    const meta = await setProvider(tenant, 'whatsapp', 'whatsapp_business_api', {
      phone_number_id: '10000',
      template: 'note',
    })
    expect((await ask(meta, 'undefined')).status).toBe(400)
    expect((await ask(meta, '')).status).toBe(400)
  })
})
