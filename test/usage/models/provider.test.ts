import { beforeEach, describe, expect, inject, it } from 'vitest'
import { LlmProviderAnswer } from '../../../lib/usage/index.ts'
import { problemOf } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { callsOf, heldBy, makeWriter, ownLlm, type Writer, withPlatformModel } from './model-scene.ts'

const path = '/usage/llm-provider'
const llm = ownLlm()
let writer: Writer
beforeEach(async () => {
  writer = await makeWriter()
})

const put = (more: object = {}) =>
  writer.ask(path, 'PUT', {
    provider_type: 'openai',
    base_url: llm.server().url,
    default_model: 'sample-1',
    ...more,
  })
const test = () => writer.ask(`${path}/test`, 'POST')
const shown = async (response: Response) => {
  expect(response.status, await response.clone().text()).toBe(200)
  return LlmProviderAnswer.parse(await response.json())
}
const secrets = async () =>
  (
    await superuser.query(
      `select s.decrypted_secret as secret from public.llm_providers as p
       join vault.decrypted_secrets as s on s.id = p.api_key_secret_id where p.tenant_id = $1`,
      [writer.tenant.id],
    )
  ).rows.map(({ secret }) => secret)

it.each(['openai', 'anthropic'])(
  'a test in the format of %s verifies it, and a change takes that back',
  async (type) => {
    const given = { provider_type: type, api_key: 'sk-example' }
    expect((await shown(await put(given))).llm_provider).toMatchObject({
      verified_at: null,
      has_api_key: true,
    })
    const tested = await shown(await test())
    expect(tested).toMatchObject({ in_use: 'own', llm_provider: { last_error: null } })
    expect(tested.llm_provider?.verified_at).not.toBeNull()
    expect(llm.server().asked.at(-1)?.key).toBe('sk-example')
    expect(await shown(await put({ provider_type: type }))).toMatchObject({ in_use: 'own' })
    expect(await shown(await put({ provider_type: type, default_model: 'sample-2' }))).toMatchObject({
      llm_provider: { verified_at: null },
    })
  },
)

it('a test is a call that is recorded and priced like any other', async () => {
  await put()
  await test()
  expect(await callsOf(writer.tenant)).toMatchObject([
    { status: 'ok', agent: 'provider_test', provider: 'custom', model: 'sample-1' },
  ])
  expect(await heldBy(writer.tenant)).toEqual({ micros: 0, credits: 0 })
  await admin.query(
    'update public.tenant_billing set monthly_spend_cap_usd_micros = 0 where tenant_id = $1',
    [writer.tenant.id],
  )
  expect(await problemOf(await test())).toMatchObject({ status: 402, code: 'spend_cap_reached' })
})

it.each([
  ['refuse-key', 'does not accept the key (401)'],
  ['busy', 'asked too much'],
  ['fail', 'It answered 500'],
  ['cut', 'The connection ended'],
  ['no-json', 'none that Tenantry understands'],
  ['huge', 'longer than'],
])('a model that behaves as %s is not verified, and last_error says why', async (model, reason) => {
  await put({ default_model: model })
  expect((await shown(await test())).llm_provider).toMatchObject({
    verified_at: null,
    last_error: expect.stringContaining(reason),
  })
  expect(await heldBy(writer.tenant)).toEqual({ micros: 0, credits: 0 })
})

describe('the key', () => {
  it('is in Vault, and is shown to nobody', async () => {
    expect(await (await put({ api_key: 'sk-of-ada' })).text()).not.toContain('sk-of-ada')
    expect(await secrets()).toEqual(['sk-of-ada'])
    expect(await (await writer.ask(path)).text()).not.toContain('sk-of-ada')
    const { rows } = await admin.query<{ log: string }>(
      `select string_agg(l::text, ' ') as log from public.audit_log as l where tenant_id = $1`,
      [writer.tenant.id],
    )
    expect(rows[0]?.log).toContain('llm_provider')
    expect(rows[0]?.log).not.toContain('sk-of-ada')
  })

  it('stays for the same server, and must be given again for another', async () => {
    await put({ api_key: 'sk-of-ada' })
    await shown(await put({ base_url: `${llm.server().url}/other`, default_model: 'other' }))
    for (const other of [{ base_url: 'https://eve.example/v1' }, { provider_type: 'anthropic' }])
      expect(await problemOf(await put(other))).toEqual({
        status: 422,
        code: 'invalid_value',
        pointers: ['/api_key'],
      })
    expect(await secrets()).toEqual(['sk-of-ada'])
  })

  it('goes with its provider, and with its tenant', async () => {
    const count = async () =>
      Number(
        (
          await superuser.query(
            `select count(*) from vault.secrets where description = 'key of an LLM provider'`,
          )
        ).rows[0].count,
      )
    const before = await count()
    await put({ api_key: 'one' })
    await put({ api_key: 'two' })
    expect(await count()).toBe(before + 1)
    expect((await writer.ask(path, 'DELETE')).status).toBe(204)
    expect(await count()).toBe(before)
    await put({ api_key: 'three' })
    await admin.query('delete from public.tenants where id = $1', [writer.tenant.id])
    expect(await count()).toBe(before)
  })
})

it.each<[string, object, string, string]>([
  ['a URL with a query', { base_url: 'https://x.example/v1?key=1' }, 'invalid_body', '/base_url'],
  ['a URL with a password', { base_url: 'https://a:b@x.example/v1' }, 'invalid_body', '/base_url'],
  ['another scheme', { base_url: 'file:///etc/passwd' }, 'invalid_body', '/base_url'],
  ['plain http', { base_url: 'http://x.example/v1' }, 'invalid_value', '/base_url'],
  ['an address inside a network', { base_url: 'https://10.0.0.1/v1' }, 'invalid_value', '/base_url'],
  ['the metadata of a cloud', { base_url: 'https://169.254.169.254/v1' }, 'invalid_value', '/base_url'],
  ['the port of another protocol', { base_url: 'https://x.example:25/v1' }, 'invalid_value', '/base_url'],
  ['a provider that is none', { provider_type: 'oracle' }, 'invalid_body', '/provider_type'],
  ['no model', { default_model: ' ' }, 'invalid_body', '/default_model'],
  ['a model with a line break', { default_model: 'a\nb' }, 'invalid_body', '/default_model'],
  ['a key with a line break', { api_key: 'a\r\nx: y' }, 'invalid_body', '/api_key'],
  ['what is not known', { temperature: 1 }, 'invalid_body', '/temperature'],
])('%s is refused', async (_, more, code, pointer) => {
  expect(await problemOf(await put(more))).toEqual({ status: 422, code, pointers: [pointer] })
  expect((await shown(await writer.ask(path))).llm_provider).toBeNull()
})

it('a test is made 20 times an hour', async () => {
  await put()
  await admin.query(
    `insert into private.tenant_turns (tenant_id, what, period_at, turn_count)
     values ($1, 'llm_provider_test', date_trunc('hour', now(), 'UTC'), 20)`,
    [writer.tenant.id],
  )
  expect(await problemOf(await test())).toMatchObject({ status: 429, code: 'too_many_llm_tests' })
})

describe('without one of its own', () => {
  it('the platform’s is in use, which the embedded stack has', () =>
    withPlatformModel(async () => {
      expect(inject('stack').llm_url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/)
      expect(await shown(await writer.ask(path))).toEqual({ llm_provider: null, in_use: 'platform' })
      expect(await problemOf(await test())).toMatchObject({ status: 404 })
    }))

  it('one that is switched off or not verified is kept, and the platform’s is in use', () =>
    withPlatformModel(async () => {
      await put()
      expect(await shown(await writer.ask(path))).toMatchObject({ in_use: 'platform' })
      await test()
      expect(await shown(await put({ is_active: false }))).toMatchObject({
        in_use: 'platform',
        llm_provider: { is_active: false, verified_at: expect.any(String) },
      })
      expect(await shown(await put({ is_active: true }))).toMatchObject({ in_use: 'own' })
    }))
})
