import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type BootedStack, bootStack } from '../../kit/stack.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { startHttpReceiver } from '../senders/http-receiver.ts'

/** In Twilio's shape, which Meta's requests reach as well. */
let provider: Awaited<ReturnType<typeof startHttpReceiver>>
let stack: BootedStack
let db: pg.Pool
let superuser: pg.Pool
beforeAll(async () => {
  provider = await startHttpReceiver()
  stack = await bootStack({
    args: ['--no-seed', '--functions', 'notifications'],
    env: { TENANTRY_TWILIO_URL: provider.url, TENANTRY_WHATSAPP_URL: provider.url },
  })
  db = new pg.Pool({ connectionString: stack.access.db_url, max: 4 })
  superuser = new pg.Pool({ connectionString: stack.access.admin_db_url, max: 1 })
})
afterAll(async () => {
  await db?.end()
  await superuser?.end()
  await stack?.stop()
  await provider?.stop()
})

const twilio = { account_sid: `AC${'0'.repeat(32)}`, from: '+12025550106' }
const sent = { status: 201, body: { sid: 'SM1', status: 'queued' } }
const number = '+447700900123'
let tenant: Tenant
let owner: string
beforeEach(async () => {
  owner = randomUUID()
  await superuser.query('insert into auth.users (id, email, email_confirmed_at) values ($1, $2, now())', [
    owner,
    `${owner}@example.com`,
  ])
  await setNumber(owner, number)
  tenant = await makeTenant({ db, owner: { id: owner } })
  provider.answer(sent)
})

/** A number that its owner has confirmed. */
const setNumber = async (person: string, phone: string) => {
  await db.query('update public.user_profiles set phone = $2 where user_id = $1', [person, phone])
  await db.query('update public.user_profiles set phone_verified_at = now() where user_id = $1', [person])
}
const setProvider = async (channel = 'sms', { verified = true, of = tenant.id } = {}) => {
  const [kind, config] =
    channel === 'sms'
      ? ['twilio', twilio]
      : ['whatsapp_business_api', { phone_number_id: '10000', template: 'note' }]
  await db.query(`select private.set_notification_provider($1, $2, $3, $4, 'token')`, [
    of,
    channel,
    kind,
    config,
  ])
  await db.query(
    'update public.notification_providers set verified_at = case when $3 then now() end where tenant_id = $1 and channel = $2',
    [of, channel, verified],
  )
}
const choose = (channels: object, person: string | null = owner) =>
  db.query('insert into public.notification_preferences (tenant_id, user_id, channels) values ($1, $2, $3)', [
    tenant.id,
    person,
    channels,
  ])
const tell = (type = 'limit.near') =>
  db.query(`select private.notify($1, $2, '{owners}', '{"limit": "members", "percent": 80, "most": 10}')`, [
    tenant.id,
    type,
  ])
const text = (address: string, key = 'one') =>
  db.query(`select private.message_address($1, 'sms', $2, 'welcome', '{"name": "Ada"}', $3)`, [
    tenant.id,
    address,
    key,
  ])

/** The jobs of telephones, once none of them waits. */
async function settled() {
  for (const end = Date.now() + 90_000; ; await sleep(100)) {
    // First, so that none of the rows is pending any more.
    const { rowCount } = await db.query(
      `select from private.notification_jobs where tenant_id = $1 and status = 'pending'`,
      [tenant.id],
    )
    const { rows } = await db.query(
      `select channel, status, provider, message_id, error from private.notification_jobs
       where tenant_id = $1 and channel <> 'email' order by id`,
      [tenant.id],
    )
    if (rowCount === 0) return rows
    if (Date.now() > end) throw new Error(`Not settled: ${JSON.stringify(rows)}`)
  }
}
const bodies = () => provider.received.map(({ body }) => Object.fromEntries(new URLSearchParams(body)))

describe('an SMS goes to', () => {
  it('whoever chose it, beside the mail', async () => {
    await setProvider()
    await choose({ plan: { sms: true } })
    await tell()
    expect(await settled()).toEqual([
      { channel: 'sms', status: 'sent', provider: 'twilio', message_id: 'SM1', error: null },
    ])
    expect(bodies()).toEqual([
      { To: number, From: twilio.from, Body: '80 % of "members" are used. Your plan allows 10.' },
    ])
  })

  it('everybody of a tenant that chose it, but those who chose otherwise', async () => {
    const member = randomUUID()
    await superuser.query('insert into auth.users (id, email) values ($1, $2)', [
      member,
      `${member}@example.com`,
    ])
    await setNumber(member, '+447700900124')
    await db.query(`insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'owner')`, [
      tenant.id,
      member,
    ])
    await setProvider()
    await choose({ plan: { sms: true } }, null)
    await choose({ plan: { sms: false } }, member)
    await tell()
    expect(await settled()).toHaveLength(1)
    expect(bodies()).toMatchObject([{ To: number }])
  })

  it('everybody with a number, where the type says so and it is critical, whatever they chose', async () => {
    await setProvider()
    await choose({ domains: { sms: false } })
    await db.query(
      `select private.register_notification_type('test.urgent', 'domains', 'Urgent.', '{"en": "Now."}', '{}', true, '{email,sms}')`,
    )
    await tell('test.urgent')
    expect(await settled()).toMatchObject([{ status: 'sent' }])
    await db.query(`delete from public.notifications where type = 'test.urgent'`)
    await db.query(`delete from public.notification_types where type = 'test.urgent'`)
  })

  it('a number that was given, once for each key', async () => {
    await setProvider()
    await text('+12025550107')
    await text('+12025550107')
    expect(await settled()).toMatchObject([{ status: 'sent' }])
    expect(bodies()).toMatchObject([{ To: '+12025550107' }])
    await expect(text('00447700900123', 'two')).rejects.toThrow(/job_number_is_e164/)
  })
})

it('WhatsApp is another channel, by a provider of its own; without one of the tenant the platform sends', async () => {
  const { rows } = await db.query<{ id: string }>('select private.platform_tenant_id() as id')
  await setProvider('whatsapp', { of: rows[0]!.id })
  provider.answer({ status: 200, body: { messages: [{ id: 'wamid.1' }] } })
  await choose({ plan: { whatsapp: true } })
  await tell()
  expect(await settled()).toMatchObject([{ channel: 'whatsapp', status: 'sent', message_id: 'wamid.1' }])
  const { rows: jobs } = await db.query(
    `select tenant_id || '.' || id as reference from private.notification_jobs where tenant_id = $1 and channel = 'whatsapp'`,
    [tenant.id],
  )
  expect(JSON.parse(provider.received[0]!.body)).toMatchObject({
    to: number.slice(1),
    biz_opaque_callback_data: jobs[0].reference,
  })
  await db.query(`delete from public.notification_providers where tenant_id = $1 and channel = 'whatsapp'`, [
    rows[0]!.id,
  ])
})

describe('no SMS goes', () => {
  const nobodyGotOne = () => expect(provider.received).toEqual([])

  it('to whoever did not choose it, or has no number', async () => {
    await setProvider()
    await tell('limit.reached')
    await choose({ plan: { sms: true } })
    await db.query('update public.user_profiles set phone = null where user_id = $1', [owner])
    await tell()
    expect(await settled()).toEqual([])
    nobodyGotOne()
  })

  it('to a number that nobody has confirmed, or that is no longer the confirmed one when it is sent', async () => {
    await setProvider()
    await choose({ plan: { sms: true } })
    await db.query('update public.user_profiles set phone_verified_at = null where user_id = $1', [owner])
    await tell()
    expect(await settled()).toEqual([])
    await setNumber(owner, number)
    const client = await db.connect()
    await client.query('begin')
    await client.query(
      `select private.notify($1, 'limit.near', '{owners}', '{"limit": "m", "percent": 80, "most": 10}')`,
      [tenant.id],
    )
    await client.query(`update public.user_profiles set phone = '+447700900199' where user_id = $1`, [owner])
    await client.query('commit')
    client.release()
    expect(await settled()).toMatchObject([{ status: 'skipped' }])
    nobodyGotOne()
  })

  it('by a provider that is not verified: people are skipped, and of a number it is told', async () => {
    await setProvider('sms', { verified: false })
    await choose({ plan: { sms: true } })
    await tell()
    expect(await settled()).toMatchObject([{ status: 'skipped' }])
    await text('+12025550107')
    expect(await settled()).toMatchObject([{ status: 'skipped' }, { error: 'There is no provider for sms.' }])
    nobodyGotOne()
  })

  it('to a number that is suppressed', async () => {
    await setProvider()
    await db.query(`select private.suppress($1, 'sms', $2, 'bounced')`, [tenant.id, number])
    await text(number)
    expect(await settled()).toMatchObject([{ status: 'suppressed' }])
    nobodyGotOne()
  })

  it('to whoever has left before it was sent', async () => {
    await setProvider()
    const other = randomUUID()
    await superuser.query('insert into auth.users (id, email) values ($1, $2)', [
      other,
      `${other}@example.com`,
    ])
    await db.query(`insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'owner')`, [
      tenant.id,
      other,
    ])
    await choose({ plan: { sms: true } })
    const client = await db.connect()
    await client.query('begin')
    await client.query(
      `select private.notify($1, 'limit.near', array[$2], '{"limit": "m", "percent": 80, "most": 10}')`,
      [tenant.id, owner],
    )
    await client.query('delete from public.tenant_members where tenant_id = $1 and user_id = $2', [
      tenant.id,
      owner,
    ])
    await client.query('commit')
    client.release()
    expect(await settled()).toMatchObject([{ status: 'skipped' }])
    nobodyGotOne()
  })
})

describe('a provider that', () => {
  it('says later is asked again, and sends once', async () => {
    await setProvider()
    provider.answer({ status: 503 })
    await text(number)
    while (provider.received.length === 0) await sleep(50)
    provider.answer(sent)
    expect(await settled()).toMatchObject([{ status: 'sent' }])
    expect(provider.received).toHaveLength(1)
  })

  it('takes it and falls silent is not asked again: the job is unknown', async () => {
    await setProvider()
    provider.answer({ status: 201, hangUp: true })
    await text(number)
    expect(await settled()).toMatchObject([{ status: 'unknown', provider: 'twilio', message_id: null }])
    await sleep(1_000)
    expect(provider.received).toHaveLength(1)
  })
})
