import { expect, it, vi } from 'vitest'
import { deliver, type ReadyJob } from '../../../lib/notifications/dispatch/deliver.ts'
import { mayReach } from '../../../lib/notifications/dispatch/settings.ts'
import { isOnThisMachine } from '../../../lib/notifications/senders/settings.ts'

it.each<[string, string, boolean, boolean?]>([
  ['', 'ada@example.com', true],
  [' , ', 'ada@example.com', true],
  ['ada@example.com', 'Ada@Example.com', true],
  ['ada@example.com', 'ada@example.com.eve.example', false],
  ['*@example.com', 'ada@example.com', true],
  ['*@example.com', 'ada@example.org', false],
  ['*@example.com', 'ada@exampleXcom', false],
  ['bob@example.org, *@example.com', 'bob@example.org', true],
  ['+447700900*', '+447700900123', true],
  ['+447700900*', '+12025550106', false],
  ['loopback', 'ada@example.com', false],
  ['loopback', 'ada@example.com', true, true],
  ['loopback, *@example.com', 'ada@example.com', true],
  ['*@example.com', 'ada@example.org', false, true],
])('TENANTRY_NOTIFY_ONLY=%s and %s', (patterns, address, expected, isLocal = false) => {
  expect(mayReach(address, isLocal, patterns)).toBe(expected)
})

it.each<[string, object, string, boolean]>([
  ['smtp', { host: '127.0.0.1' }, '', true],
  ['smtp', { host: '::1' }, '', true],
  ['smtp', { host: 'localhost.example.com' }, '', false],
  ['smtp', {}, '', false],
  ['twilio', {}, '', false],
  ['twilio', { host: '127.0.0.1' }, '', false],
  ['twilio', {}, 'http://127.0.0.1:5000/', true],
  ['twilio', {}, 'https://127.0.0.1.example.com', false],
  ['ses', { region: 'eu-central-1' }, '', false],
  ['whatsapp_business_api', {}, '', false],
])('whether %s with %j is on this machine (%s)', (provider, config, url, expected) => {
  vi.stubEnv('TENANTRY_TWILIO_URL', url)
  expect(isOnThisMachine(provider, config)).toBe(expected)
  vi.unstubAllEnvs()
})

const job: ReadyJob = {
  tenant_id: 't',
  job_id: 'j',
  channel: 'email',
  stop: null,
  address: 'ada@example.com',
  locale: 'en',
  data: {},
  words: {
    subject: '{{message}}',
    body_html: '{{message}}',
    body_text: null,
    version: 3,
    variables: [{ key: 'message', description: '', required: true }],
  },
  look: {
    name: 'Ada',
    logo_url: null,
    primary: null,
    background: null,
    text: null,
    from_name: 'Ada',
    reply_to: null,
    signature: null,
    is_powered_by_shown: true,
  },
  provider_id: 'p',
  provider_ref: 'r',
  provider: 'smtp',
  config: {},
  secret: null,
  unsubscribe_token: null,
}

it.each<[string, Partial<ReadyJob>, object]>([
  [
    'without a value that it must have',
    {},
    { status: 'failed', detail: 'The value of {{message}} is missing.' },
  ],
  ['without a provider', { provider: null }, { status: 'failed', detail: 'There is no provider for email.' }],
  ['without words', { words: null }, { status: 'failed' }],
  ['to nobody', { address: null }, { status: 'skipped', dispatched: null }],
  [
    'that somebody began to send to a telephone',
    { channel: 'sms', stop: 'unknown' },
    { status: 'unknown', dispatched: null, provider_id: null },
  ],
  ['to an address that is suppressed', { stop: 'suppressed' }, { status: 'suppressed', dispatched: null }],
])('a job %s reaches no provider', async (_, change, expected) => {
  const begun: string[] = []
  const begin = async () => begun.push('begun') > 0
  expect(await deliver({ ...job, ...change }, begin)).toMatchObject(expected)
  expect(begun).toEqual([])
})
