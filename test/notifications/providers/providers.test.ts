import { beforeEach, describe, expect, inject, it } from 'vitest'
import { NotificationProvider } from '../../../lib/notifications/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { mailTo } from '../../kit/mailbox.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  await superuser.query('update auth.users set email_confirmed_at = now() where id = $1', [owner.id])
  tenant = await makeTenant({ owner })
})

const smtp = { host: '127.0.0.1', port: inject('stack').smtp_port, from_email: 'hello@ada.example' }
const ask = (path: string, method = 'GET', body?: unknown) =>
  call(`/notifications/providers${path}`, { token: owner.token, tenant: tenant.slug, method, body })
const put = (config: object = smtp, more: object = {}, channel = 'email') =>
  ask(`/${channel}`, 'PUT', { provider: 'smtp', config, ...more })
const shown = async (response: Response) => {
  expect(response.status, await response.clone().text()).toBe(200)
  return NotificationProvider.parse(await response.json())
}
const test = (body: object = {}, channel = 'email') => ask(`/${channel}/test`, 'POST', body)
const secrets = async () =>
  (
    await superuser.query(
      `select s.decrypted_secret as secret from public.notification_providers as p
       join vault.decrypted_secrets as s on s.id = p.config_secret_id where p.tenant_id = $1`,
      [tenant.id],
    )
  ).rows.map(({ secret }) => secret)

it('is verified by a mail to whoever asks, and a change takes that back', async () => {
  expect(await shown(await put())).toMatchObject({ verified_at: null, has_secret: false })
  const tested = await shown(await test())
  expect(tested).toMatchObject({ last_error: null })
  expect(tested.verified_at).not.toBeNull()
  const [mail] = await mailTo(owner.email)
  expect(mail).toMatchObject({ from: 'hello@ada.example', subject: `A test mail of ${tenant.slug}` })
  expect(await shown(await put())).toMatchObject({ verified_at: tested.verified_at })
  expect(await shown(await put({ ...smtp, from_email: 'other@ada.example' }))).toMatchObject({
    verified_at: null,
  })
})

it('a test that fails says why, and one that succeeds clears it', async () => {
  await put({ ...smtp, user: 'refuse+ada' }, { secret: 'wrong' })
  expect(await shown(await test())).toMatchObject({
    verified_at: null,
    last_error: '535 Authentication credentials invalid',
  })
  await put({ ...smtp, user: 'ada' }, { secret: 'right' })
  expect(await shown(await test())).toMatchObject({ last_error: null })
})

describe('the secret', () => {
  it('is in Vault, and is shown to nobody', async () => {
    const response = await put({ ...smtp, user: 'ada' }, { secret: 'pass-phrase' })
    expect(await response.text()).not.toContain('pass-phrase')
    expect(await secrets()).toEqual(['pass-phrase'])
    expect(await (await ask('/email')).text()).not.toContain('pass-phrase')
  })

  it('stays for the same server, and must be given again for another', async () => {
    await put({ ...smtp, user: 'ada' }, { secret: 'pass-phrase' })
    expect(await shown(await put({ ...smtp, user: 'bob' }))).toMatchObject({ has_secret: true })
    for (const config of [
      { ...smtp, user: 'ada', host: 'smtp.eve.example' },
      { ...smtp, user: 'ada', port: 465 },
    ])
      expect(await problemOf(await put(config))).toEqual({
        status: 422,
        code: 'invalid_value',
        pointers: ['/secret'],
      })
    expect(await secrets()).toEqual(['pass-phrase'])
    const other = { provider: 'sendgrid', config: { from_email: 'ada@example.com' } }
    expect(await problemOf(await ask('/email', 'PUT', other))).toMatchObject({ pointers: ['/secret'] })
  })

  it('goes with its provider, and with its tenant', async () => {
    const count = async () =>
      Number(
        (
          await superuser.query(
            'select count(*) from vault.secrets where secret is not null and description = $1',
            ['secret of a notification provider'],
          )
        ).rows[0].count,
      )
    const before = await count()
    await put({ ...smtp, user: 'ada' }, { secret: 'one' })
    await put({ ...smtp, user: 'ada' }, { secret: 'two' })
    expect(await count()).toBe(before + 1)
    expect((await ask('/email', 'DELETE')).status).toBe(204)
    expect(await count()).toBe(before)
    await put({ ...smtp, user: 'ada' }, { secret: 'three' })
    await admin.query('delete from public.tenants where id = $1', [tenant.id])
    expect(await count()).toBe(before)
  })

  it('is missed where one is needed', async () => {
    expect(await problemOf(await put({ ...smtp, user: 'ada' }))).toMatchObject({ pointers: ['/secret'] })
    const sendgrid = { provider: 'sendgrid', config: { from_email: 'ada@example.com' } }
    expect(await problemOf(await ask('/email', 'PUT', sendgrid))).toMatchObject({ pointers: ['/secret'] })
    expect((await ask('/email')).status).toBe(404)
  })
})

describe('settings are refused', () => {
  it.each<[string, string, object, string]>([
    ['of a provider of another channel', 'sms', { provider: 'smtp', config: smtp }, '/provider'],
    [
      'with a line break in the sender',
      'email',
      { provider: 'smtp', config: { ...smtp, from_name: 'Ada\r\nBcc: x' } },
      '/config/from_name',
    ],
    [
      'with an address that is none',
      'email',
      { provider: 'smtp', config: { ...smtp, from_email: 'a@b\n.example' } },
      '/config/from_email',
    ],
    [
      'with a host that is a URL',
      'email',
      { provider: 'smtp', config: { ...smtp, host: 'http://x/' } },
      '/config/host',
    ],
    [
      'with the secret among them',
      'email',
      { provider: 'smtp', config: { ...smtp, password: 'x' } },
      '/config/password',
    ],
    [
      'with a region that is a host',
      'email',
      {
        provider: 'ses',
        config: { region: 'x.eve.example', access_key_id: 'x', from_email: 'ada@example.com' },
      },
      '/config/region',
    ],
    [
      'with an account that is a path',
      'sms',
      { provider: 'twilio', config: { account_sid: '../x', from: 'Ada' } },
      '/config/account_sid',
    ],
    [
      'with a number that is a path',
      'whatsapp',
      { provider: 'whatsapp_business_api', config: { phone_number_id: '1/../2', template: 'x' } },
      '/config/phone_number_id',
    ],
  ])('%s', async (_, channel, body, pointer) => {
    const refused = await ask(`/${channel}`, 'PUT', { secret: 'x', ...body })
    expect(await problemOf(refused)).toEqual({ status: 422, code: 'invalid_body', pointers: [pointer] })
  })
})

describe('a test', () => {
  it.each(['10.0.0.1', '169.254.169.254', '[::ffff:10.0.0.1]'.slice(1, -1)])(
    'does not reach %s, which is inside a network',
    async (host) => {
      await put({ ...smtp, host, port: 465 })
      expect(await shown(await test())).toMatchObject({
        verified_at: null,
        last_error: expect.stringContaining('an address that is not public'),
      })
    },
  )

  it('goes to nobody whose address Auth has not confirmed', async () => {
    await superuser.query('update auth.users set email_confirmed_at = null where id = $1', [owner.id])
    await put()
    expect(await problemOf(await test())).toMatchObject({ status: 422, code: 'invalid_value' })
    expect(await mailTo(owner.email)).toEqual([])
  })

  it('of a telephone needs a number', async () => {
    await ask('/sms', 'PUT', { provider: 'msg91', secret: 'x', config: { template_id: 'x' } })
    expect(await problemOf(await test({}, 'sms'))).toMatchObject({ code: 'invalid_value', pointers: ['/to'] })
  })

  it('is made 20 times an hour', async () => {
    await put()
    await admin.query(
      `insert into private.tenant_turns (tenant_id, what, period_at, turn_count)
       values ($1, 'provider_test', date_trunc('hour', now(), 'UTC'), 20)`,
      [tenant.id],
    )
    expect(await problemOf(await test())).toMatchObject({ status: 429, code: 'too_many_provider_tests' })
  })
})
