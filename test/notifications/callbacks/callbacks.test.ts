import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { byMeta, bySendgrid, byTwilio, freshSid, type Signed, sendgridKeys } from './signing.ts'

const base = `${inject('stack').api_url}/functions/v1/notifications/callbacks`
const keys = sendgridKeys()

interface Provider {
  id: string
  ref_id: string
}
async function setProvider(
  of: Tenant,
  channel = 'sms',
  kind = 'twilio',
  config: object = { account_sid: `AC${'0'.repeat(32)}`, from: '+12025550106' },
): Promise<Provider> {
  await admin.query(
    `select private.set_notification_provider($1, $2, $3, $4, $5, callback_secret => 'secret of the app')`,
    [of.id, channel, kind, config, `token of ${of.id}`],
  )
  const { rows } = await admin.query<Provider>(
    'select id, ref_id from public.notification_providers where tenant_id = $1 and channel = $2',
    [of.id, channel],
  )
  return rows[0]!
}
const setSendgrid = (of: Tenant) =>
  setProvider(of, 'email', 'sendgrid', { from_email: 'ada@example.com', event_key: keys.event_key })

/** A job as the dispatcher leaves it. */
async function makeJob(of: Tenant, provider: Provider | null, job: object = {}): Promise<string> {
  const { status, channel, address, message_id } = {
    ...{ status: 'sent', channel: 'sms', address: '+447700900123', message_id: null as string | null },
    ...job,
  }
  const { rows } = await admin.query<{ id: string }>(
    `insert into private.notification_jobs
       (tenant_id, channel, type, template, address, idempotency_key, queued_at, status, settled_at, provider_id, message_id)
     values ($1, $2, 'welcome', 'welcome', $3, gen_random_uuid()::text, now(), $4::private.notification_job_status,
       case when $4 <> 'pending' then now() end, $5, $6) returning id`,
    [of.id, channel, address, status, provider?.id, message_id],
  )
  return rows[0]!.id
}
const stateOf = async (job: string) =>
  (await admin.query('select status, error from private.notification_jobs where id = $1', [job])).rows[0]
const suppressedOf = async (of: Tenant) =>
  (
    await admin.query(
      `select channel, address, reason, expires_at is not null as ends from public.notification_suppressions
       where tenant_id = $1 order by address`,
      [of.id],
    )
  ).rows
const send = (provider: { ref_id: string }, { search = '', headers, body }: Signed) =>
  fetch(`${base}/${provider.ref_id}${search}`, { method: 'POST', headers, body })
const taken = async (answer: Promise<Response>) => {
  const response = await answer
  expect(response.status).toBe(200)
  return response.json()
}
const stored = async (of: Tenant) =>
  (await admin.query('select from private.notification_callbacks where tenant_id = $1', [of.id])).rowCount

let tenant: Tenant
let provider: Provider
beforeEach(async () => {
  tenant = await makeTenant()
  provider = await setProvider(tenant)
})
const sms = (job: string, MessageStatus: string, more: object = {}, of = tenant, to = provider) =>
  byTwilio(
    `${base}/${to.ref_id}`,
    `token of ${of.id}`,
    { MessageSid: freshSid(), MessageStatus, To: '+447700900123', ...more },
    `${of.id}.${job}`,
  )

describe('a job', () => {
  it('that is unknown is known by its callback', async () => {
    const job = await makeJob(tenant, provider, { status: 'unknown' })
    expect(await taken(send(provider, sms(job, 'delivered')))).toEqual({
      applied: 1,
      duplicate: 0,
      ignored: 0,
    })
    expect(await stateOf(job)).toEqual({ status: 'delivered', error: null })
  })

  it('that a callback has settled before its dispatcher is sent no more', async () => {
    const job = await makeJob(tenant, null, { status: 'pending' })
    await taken(send(provider, sms(job, 'sent')))
    expect(await stateOf(job)).toMatchObject({ status: 'sent' })
    const { rows } = await admin.query(
      'select from private.read_notification_jobs(array[$1::uuid], array[$2::uuid])',
      [tenant.id, job],
    )
    expect(rows).toEqual([])
  })

  it.each([
    [['delivered', 'sent', 'queued'], 'delivered'],
    [['undelivered', 'delivered', 'sent'], 'failed'],
    [['sent', 'failed', 'sent'], 'failed'],
  ])('moves only forward: %j is %s', async (said, status) => {
    const job = await makeJob(tenant, provider, { status: 'unknown' })
    for (const each of said) await taken(send(provider, sms(job, each)))
    expect(await stateOf(job)).toMatchObject({ status })
  })

  it('that was skipped or suppressed stays as it is', async () => {
    for (const status of ['skipped', 'suppressed']) {
      const job = await makeJob(tenant, provider, { status })
      await taken(send(provider, sms(job, 'failed')))
      expect(await stateOf(job)).toMatchObject({ status })
    }
  })

  it('is found by the provider’s own id too, where the message carries none of ours', async () => {
    const MessageSid = freshSid()
    const job = await makeJob(tenant, provider, { message_id: MessageSid })
    const fields = { MessageSid, MessageStatus: 'delivered', To: '+447700900123' }
    await taken(send(provider, byTwilio(`${base}/${provider.ref_id}`, `token of ${tenant.id}`, fields)))
    expect(await stateOf(job)).toMatchObject({ status: 'delivered' })
  })
})

describe('an event', () => {
  it('counts once, however often it is sent, also at once', async () => {
    const job = await makeJob(tenant, provider)
    const signed = sms(job, 'delivered')
    const answers = await Promise.all(Array.from({ length: 10 }, () => taken(send(provider, signed))))
    expect(answers.filter(({ applied }) => applied === 1)).toHaveLength(1)
    expect(answers.filter(({ duplicate }) => duplicate === 1)).toHaveLength(9)
    expect(await stored(tenant)).toBe(1)
  })

  it('that is replayed suppresses nothing again that a manager has lifted', async () => {
    const job = await makeJob(tenant, provider)
    const signed = sms(job, 'undelivered', { ErrorCode: '30005' })
    await taken(send(provider, signed))
    expect(await suppressedOf(tenant)).toHaveLength(1)
    await admin.query('delete from public.notification_suppressions where tenant_id = $1', [tenant.id])
    expect(await taken(send(provider, signed))).toMatchObject({ duplicate: 1 })
    expect(await suppressedOf(tenant)).toEqual([])
  })

  it('about a message that was not ours changes and stores nothing', async () => {
    expect(await taken(send(provider, sms(randomUUID(), 'delivered')))).toMatchObject({ ignored: 1 })
    expect(await stored(tenant)).toBe(0)
  })

  it('of a hundred in one callback each counts, and those of others do not', async () => {
    const sendgrid = await setSendgrid(tenant)
    const jobs: string[] = []
    for (let n = 0; n < 5; n++)
      jobs.push(await makeJob(tenant, sendgrid, { channel: 'email', address: `a${n}@example.com` }))
    const events = Array.from({ length: 100 }, (_, n) => ({
      event: 'delivered',
      sg_event_id: `e${n % 50}`,
      job: `${tenant.id}.${n % 10 < 5 ? jobs[n % 10] : randomUUID()}`,
    }))
    expect(await taken(send(sendgrid, bySendgrid(keys.privateKey, events)))).toEqual({
      applied: 25,
      duplicate: 25,
      ignored: 50,
    })
  })
})

describe('nothing is stored of', () => {
  const untouched = async (answer: Promise<Response>, job: string) => {
    expect(await problemOf(await answer)).toMatchObject({ status: 400, code: 'invalid_callback' })
    expect(await stateOf(job)).toMatchObject({ status: 'sent' })
    expect(await stored(tenant)).toBe(0)
  }

  it('a forged one', async () => {
    const job = await makeJob(tenant, provider)
    const signed = sms(job, 'delivered')
    await untouched(send(provider, { ...signed, headers: {} }), job)
    await untouched(send(provider, { ...signed, body: signed.body.replace('delivered', 'failed') }), job)
    await untouched(send(provider, { ...signed, search: `${signed.search}0` }), job)
  })

  it('one that is signed by another tenant', async () => {
    const job = await makeJob(tenant, provider)
    const fields = { MessageSid: freshSid(), MessageStatus: 'failed', To: '+447700900123' }
    const eve = byTwilio(
      `${base}/${provider.ref_id}`,
      `token of ${randomUUID()}`,
      fields,
      `${tenant.id}.${job}`,
    )
    await untouched(send(provider, eve), job)
  })

  it.each([
    ['nothing', ''],
    ['not JSON', '{"a"'],
    ['not UTF-8', new Uint8Array([0x7b, 0xff])],
    ['ninety levels', '['.repeat(90) + ']'.repeat(90)],
  ])('a body that is %s', async (_, body) => {
    const sendgrid = await setSendgrid(tenant)
    const response = await fetch(`${base}/${sendgrid.ref_id}`, { method: 'POST', body })
    expect(await problemOf(response)).toMatchObject({ status: 400, code: 'invalid_callback' })
  })

  it('a body of more than a megabyte', async () => {
    const response = await fetch(`${base}/${provider.ref_id}`, {
      method: 'POST',
      body: 'x'.repeat(1_100_000),
    })
    expect(await problemOf(response)).toMatchObject({ status: 413, code: 'payload_too_large' })
  })

  it('one for settings that there are not, or of a mail server', async () => {
    const job = await makeJob(tenant, provider)
    expect((await send({ ref_id: '01JD3N8Q4ZB6T2V9XK5M7R0C1E' }, sms(job, 'delivered'))).status).toBe(404)
    expect((await send({ ref_id: 'x' }, sms(job, 'delivered'))).status).toBeGreaterThanOrEqual(400)
    const smtp = await setProvider(tenant, 'email', 'smtp', { host: 'mail.example.com' })
    expect((await send(smtp, sms(job, 'delivered'))).status).toBe(400)
  })
})

describe('another tenant', () => {
  it('never touches a job that its settings did not send, whatever it signs', async () => {
    const eve = await makeTenant()
    const hers = await setProvider(eve)
    const sid = freshSid()
    const jobs = [
      await makeJob(tenant, provider, { message_id: sid }),
      await makeJob(tenant, provider, { status: 'unknown' }),
      // Nobody has said yet who sent it.
      await makeJob(tenant, null, { status: 'pending' }),
    ]
    const before = await Promise.all(jobs.map(stateOf))
    for (const job of jobs) {
      const url = `${base}/${hers.ref_id}`
      const fields = { MessageSid: sid, MessageStatus: 'failed', To: '+447700900123', ErrorCode: '30005' }
      const forged = byTwilio(url, `token of ${eve.id}`, fields, `${tenant.id}.${job}`)
      expect(await taken(send(hers, forged))).toEqual({ applied: 0, duplicate: 0, ignored: 1 })
      expect(await taken(send(hers, byTwilio(url, `token of ${eve.id}`, fields)))).toMatchObject({
        ignored: 1,
      })
    }
    expect(await Promise.all(jobs.map(stateOf))).toEqual(before)
    expect([await suppressedOf(tenant), await suppressedOf(eve)]).toEqual([[], []])
  })

  it('is heard through the platform’s provider, which sends for everybody, and only on its channel', async () => {
    const { rows } = await admin.query<Tenant>(
      'select id from public.tenants where id = private.platform_tenant_id()',
    )
    const common = await setProvider(rows[0]!, 'whatsapp', 'whatsapp_business_api', {
      phone_number_id: '10000',
      template: 'note',
    })
    const job = await makeJob(tenant, null, { status: 'pending', channel: 'whatsapp' })
    const text = await makeJob(tenant, null, { status: 'pending' })
    const say = (of: string) => ({
      ...{
        id: `wamid.${of}`,
        status: 'read',
        recipient_id: '447700900123',
        biz_opaque_callback_data: `${tenant.id}.${of}`,
      },
    })
    const signed = byMeta('secret of the app', [say(job), say(text)])
    expect(await taken(send(common, signed))).toEqual({ applied: 1, duplicate: 0, ignored: 1 })
    expect([await stateOf(job), await stateOf(text)]).toMatchObject([
      { status: 'delivered' },
      { status: 'pending' },
    ])
    await admin.query(
      `delete from public.notification_providers where tenant_id = $1 and channel = 'whatsapp'`,
      [rows[0]!.id],
    )
  })
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
