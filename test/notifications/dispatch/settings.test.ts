import { expect, it } from 'vitest'
import { deliver, type ReadyJob } from '../../../lib/notifications/dispatch/deliver.ts'
import { mayReach } from '../../../lib/notifications/dispatch/settings.ts'

it.each<[string, string, boolean]>([
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
])('TENANTRY_NOTIFY_ONLY=%s and %s', (patterns, address, expected) => {
  expect(mayReach(address, patterns)).toBe(expected)
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
  ['to an address that is suppressed', { stop: 'suppressed' }, { status: 'suppressed', dispatched: null }],
])('a job %s reaches no provider', async (_, change, expected) => {
  expect(await deliver({ ...job, ...change })).toMatchObject(expected)
})
