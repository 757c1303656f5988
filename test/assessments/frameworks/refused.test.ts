import { beforeEach, describe, expect, inject, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { Config, headline } from './config.ts'

let config: Config
beforeEach(async () => {
  config = await Config.ofNewTenant()
})

describe('what is refused', () => {
  const hero = { archetype_overrides: { hero: { name: 'x' } } }
  it.each<[string, object, string]>([
    [
      'an archetype that does not exist',
      { archetype_overrides: { king: { name: 'x' } } },
      '/archetype_overrides/king',
    ],
    ['an archetype that is removed', { archetype_overrides: { hero: null } }, '/archetype_overrides/hero'],
    [
      'a name that is removed',
      { archetype_overrides: { hero: { name: null } } },
      '/archetype_overrides/hero/name',
    ],
    ['a mode that does not exist', { mode_overrides: { duel: { title: 'x' } } }, '/mode_overrides/duel'],
    [
      'a band that overlaps another',
      { scoring_overrides: { severity_bands: { low: { to: 50 } } } },
      '/scoring_overrides/severity_bands/medium',
    ],
    [
      'a band that ends before it begins',
      { scoring_overrides: { severity_bands: { low: { from: 35, to: 1 } } } },
      '/scoring_overrides/severity_bands/low/to',
    ],
    [
      'a band outside of the scale',
      { scoring_overrides: { severity_bands: { high: { to: 900 } } } },
      '/scoring_overrides/severity_bands/high',
    ],
    [
      'a scale without room',
      { scoring_overrides: { engine: { scale_min: 100 } } },
      '/scoring_overrides/engine/scale_max',
    ],
    [
      'a tie between strangers',
      { scoring_overrides: { engine: { tie_break: ['king'] } } },
      '/scoring_overrides/engine/tie_break/0',
    ],
    [
      'a weight of a stranger',
      { mode_overrides: { likert: { items: { l01: { weights: { king: 1 } } } } } },
      '/mode_overrides/likert/items/l01/weights/king',
    ],
    [
      'a question without options',
      { mode_overrides: { qa: { items: { q09: { position: 9, prompt: 'Why?' } } } } },
      '/mode_overrides/qa/items/q09',
    ],
    [
      'no mode at all',
      {
        mode_overrides: Object.fromEntries(
          ['likert', 'qa', 'game', 'deal', 'realm'].map((mode) => [mode, { is_enabled: false }]),
        ),
      },
      '/mode_overrides',
    ],
    ['an order of strangers', { results_display: { ordering: ['king'] } }, '/results_display/ordering/0'],
  ])('%s', async (_what, body, pointer) => {
    const answer = await problemOf(await config.ask('PATCH', '', body, 0))
    expect(answer).toMatchObject({ status: 422, code: 'invalid_value' })
    expect(answer.pointers).toContain(pointer)
    expect((await config.read()).version).toBe(0)
  })

  it.each<[string, unknown, string]>([
    ['nothing', {}, ''],
    ['only a reason', { reason: 'why' }, ''],
    ['a column that does not exist', { ...hero, version: 7 }, '/version'],
    [
      'a field that does not exist',
      { archetype_overrides: { hero: { height: 1 } } },
      '/archetype_overrides/hero/height',
    ],
    ['a wrong type', { archetype_overrides: [] }, '/archetype_overrides'],
    [
      'a colour that is none',
      { archetype_overrides: { hero: { colour: 'red' } } },
      '/archetype_overrides/hero/colour',
    ],
    ['a share over one', { landing_overrides: { traffic_split: 2 } }, '/landing_overrides/traffic_split'],
    [
      'a voice of somebody else’s server',
      { providers: { voice: { is_enabled: true, provider: 'elevenlabs' } } },
      '/providers/voice/provider',
    ],
    [
      'an address without TLS',
      { communications: { booking_url: 'http://example.com' } },
      '/communications/booking_url',
    ],
    [
      'fifty-one test clients',
      { test_clients: Array.from({ length: 51 }, (_, n) => ({ id: `c${n}`, name: 'x' })) },
      '/test_clients',
    ],
    ['U+0000', { voice_overrides: { system_prompt: 'a\0b' } }, '/voice_overrides/system_prompt'],
  ])('%s', async (_what, body, pointer) => {
    const answer = await problemOf(await config.ask('PATCH', '', body, 0))
    expect(answer).toMatchObject({ status: 422, code: 'invalid_body' })
    expect(answer.pointers).toContain(pointer)
  })

  it.each(['__proto__', 'constructor', 'prototype'])('the name %s, wherever it stands', async (name) => {
    for (const text of [
      `{"archetype_overrides": {"${name}": {"name": "x"}}}`,
      `{"voice_overrides": {"${name}": {"language": "x"}}}`,
      `{"test_clients": [{"id": "a", "name": "x", "answers": {"${name}": 1}}]}`,
    ]) {
      const response = await fetch(
        `${inject('stack').api_url}/functions/v1/assessments/frameworks/money-archetypes/config`,
        {
          method: 'PATCH',
          headers: {
            authorization: `Bearer ${config.owner.token}`,
            'x-tenant': config.tenant.slug,
            'content-type': 'application/json',
            'if-match': '"0"',
          },
          body: text,
        },
      )
      const answer = await problemOf(response)
      expect([answer.status, answer.code]).toEqual([422, 'invalid_body'])
      expect(answer.pointers.join()).toContain(name)
    }
    expect({}).not.toHaveProperty('language')
  })

  it('two megabytes, and a part that is too large', async () => {
    const large = (bytes: number) => ({
      communications: { email_templates: { a: { subject: 'x', body_html: 'x'.repeat(bytes) } } },
    })
    expect(await problemOf(await config.ask('PATCH', '', large(2_000_000), 0))).toMatchObject({ status: 413 })
    const templates = Object.fromEntries(
      Array.from({ length: 9 }, (_, n) => [`t${n}`, { subject: 'x', body_html: 'x'.repeat(40_000) }]),
    )
    const answer = await config.ask('PATCH', '', { communications: { email_templates: templates } }, 0)
    expect(await problemOf(answer)).toMatchObject({ status: 422, code: 'invalid_value' })
    expect((await config.read()).version).toBe(0)
  })

  it('more values than are looked at, in how few bytes they are', async () => {
    const answers = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`a${n.toString(36)}`, 1e308]))
    const clients = (count: number) => ({
      test_clients: [{ id: 'ada', name: 'Ada', answers: answers(count) }],
    })
    const refused = await config.ask('PATCH', '', clients(10_000), 0)
    expect(await problemOf(refused)).toMatchObject({ status: 422, code: 'invalid_value', pointers: [''] })
    // As few values as these may still be too long.
    expect((await config.ask('PATCH', '', clients(1_000), 0)).status).toBe(422)
    expect((await config.read()).version).toBe(0)
    expect((await config.patch(0, clients(500))).version).toBe(1)
  })

  it('a number with more digits than JavaScript writes, before they are written out', async () => {
    const asked = (clients: string) =>
      admin.query(`select private.require_small_config('{"test_clients": ${clients}}')`)
    await expect(asked('[1e131071]')).rejects.toMatchObject({ code: 'PT422' })
    await asked('[1e308]')
  })

  it('a framework that does not exist, and a version that cannot be one', async () => {
    const at = (path: string) =>
      call(`/assessments/frameworks/${path}`, { token: config.owner.token, tenant: config.tenant.slug })
    for (const path of [
      'nothing/config',
      'nothing/config/resolved',
      'nothing/config/versions',
      '%F0%9F%9B%A1/config',
    ])
      expect(await problemOf(await at(path))).toMatchObject({ status: 404, code: 'framework_not_found' })
    for (const version of ['-1', 'x', '1e99', '1.5'])
      expect(await problemOf(await at(`money-archetypes/config/versions/${version}`))).toMatchObject({
        status: 404,
      })
  })

  it('a version of another tenant', async () => {
    await config.patch(0, headline('Ours'))
    const other = await makePerson()
    const theirs = await makeTenant({ owner: other })
    const response = await call('/assessments/frameworks/money-archetypes/config/versions/1', {
      token: other.token,
      tenant: theirs.slug,
    })
    expect(await problemOf(response)).toMatchObject({ code: 'version_not_kept' })
  })
})
