import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { byMeta, bySendgrid, byTwilio, freshSid } from './signing.ts'
import {
  base,
  keys,
  makeJob,
  type Provider,
  send,
  setProvider,
  setSendgrid,
  sms as smsOf,
  stateOf,
  stored,
  suppressedOf,
  taken,
} from './world.ts'

let tenant: Tenant
let provider: Provider
beforeEach(async () => {
  tenant = await makeTenant()
  provider = await setProvider(tenant)
})
const sms = (job: string, status: string, more: object = {}, of = tenant, to = provider) =>
  smsOf(of, to, job, status, more)

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
