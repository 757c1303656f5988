import { createHash } from 'node:crypto'
import { applyPatch, type Operation } from 'rfc6902'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import {
  ConfigDiff,
  ConfigVersion,
  ConfigVersions,
  FrameworkConfig,
  Frameworks,
  ResolvedAnswer,
} from '../../../lib/assessments/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let member: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  member = await makePerson()
  tenant = await makeTenant({ owner, member })
})

const ask = (method: string, rest: string, body?: unknown, version?: number | string, by = owner) =>
  call(`/assessments/frameworks/money-archetypes/config${rest}`, {
    method,
    token: by.token,
    tenant: tenant.slug,
    body,
    ...(version !== undefined && {
      headers: { 'if-match': typeof version === 'number' ? `"${version}"` : version },
    }),
  })
const read = async () => FrameworkConfig.parse(await (await ask('GET', '')).json())
const patched = async (version: number, body: object) => {
  const response = await ask('PATCH', '', body, version)
  expect(response.status, await response.clone().text()).toBe(200)
  expect(response.headers.get('etag')).toBe(`"${version + 1}"`)
  return FrameworkConfig.parse(await response.json())
}
const headline = (text: string) => ({ landing_overrides: { headline: text } })
const contentOf = ({ version: _v, reason: _r, updated_at: _u, ...columns }: FrameworkConfig) => columns

describe('the configuration of a framework', () => {
  it('is the base until somebody changes it', async () => {
    const { frameworks } = Frameworks.parse(
      await (await call('/assessments/frameworks', { token: member.token, tenant: tenant.slug })).json(),
    )
    expect(frameworks.map((one) => [one.framework_id, one.config_version])).toEqual([
      ['industry4', 0],
      ['money-archetypes', 0],
    ])
    expect(await read()).toMatchObject({ version: 0, archetype_overrides: {}, test_clients: [] })
    const resolved = ResolvedAnswer.parse(await (await ask('GET', '/resolved')).json())
    expect(Object.keys(resolved.config.archetypes)).toHaveLength(8)
    expect(Object.keys(resolved.config.modes).sort()).toEqual(['deal', 'game', 'likert', 'qa', 'realm'])
  })

  it('changes by version, and the resolved one says where each value comes from', async () => {
    await patched(0, {
      archetype_overrides: { hero: { name: 'Champion' } },
      voice_overrides: { tone_directives: ['Be brief.'] },
      reason: 'Our words',
    })
    const answer = await ask('GET', '/resolved?explain=true', undefined, undefined, member)
    const { config, sources, version } = ResolvedAnswer.parse(await answer.json())
    expect(version).toBe(1)
    expect(config.archetypes.hero).toMatchObject({ name: 'Champion', emoji: '🛡️' })
    expect(config.voice.tone_directives).toEqual(['Be brief.'])
    expect(sources).toMatchObject({
      '/archetypes/hero/name': 'tenant',
      '/archetypes/hero/emoji': 'framework',
      '/voice/tone_directives': 'tenant',
      '/voice/system_prompt': 'framework',
    })
    const etag = (await ask('GET', '/resolved')).headers.get('etag')!
    const again = (headers: Record<string, string>) =>
      call('/assessments/frameworks/money-archetypes/config/resolved', {
        token: owner.token,
        tenant: tenant.slug,
        headers,
      })
    expect((await again({ 'if-none-match': etag })).status).toBe(304)
    await patched(1, headline('Now'))
    expect((await again({ 'if-none-match': etag })).status).toBe(200)
  })

  it('gets no new version from a change that changes nothing', async () => {
    await patched(0, headline('Ours'))
    const same = await ask('PATCH', '', headline('Ours'), 1)
    expect([same.status, same.headers.get('etag')]).toEqual([200, '"1"'])
  })

  it('comes back from a version byte for byte, as a version of its own', async () => {
    const first = await patched(0, { ...headline('First'), test_clients: [{ id: 'ada', name: 'Ada' }] })
    await patched(1, { ...headline('Second'), test_clients: [] })
    const response = await ask('POST', '/restore', { version: 1, reason: 'It was better' }, 2)
    const restored = FrameworkConfig.parse(await response.json())
    const hash = (config: FrameworkConfig) =>
      createHash('sha256')
        .update(JSON.stringify(contentOf(config)))
        .digest('hex')
    expect([restored.version, hash(restored)]).toEqual([3, hash(first)])
    const { versions } = ConfigVersions.parse(await (await ask('GET', '/versions')).json())
    expect(versions.map((one) => [one.version, one.restored_version, one.reason])).toEqual([
      [3, 1, 'It was better'],
      [2, null, null],
      [1, null, null],
    ])
    const base = FrameworkConfig.parse(await (await ask('POST', '/restore', { version: 0 }, 3)).json())
    expect(base).toMatchObject({ version: 4, landing_overrides: {}, test_clients: [] })
  })

  it('differs between any two versions by what leads from one to the other', async () => {
    for (const version of [0, 1, 2]) await patched(version, headline(`Version ${version + 1}`))
    const at = async (version: number) =>
      ConfigVersion.parse(await (await ask('GET', `/versions/${version}`)).json())
    const diff = ConfigDiff.parse(await (await ask('GET', '/versions/1/diff?to=3')).json())
    const target = (await at(1)).config
    applyPatch(target, diff.diff as Operation[])
    expect(target).toEqual((await at(3)).config)
    const toNow = ConfigDiff.parse(await (await ask('GET', '/versions/2/diff')).json())
    expect(toNow).toMatchObject({ from: 2, to: 3, diff: (await at(3)).diff })
    expect(await problemOf(await ask('GET', '/versions/9'))).toMatchObject({ code: 'version_not_kept' })
    expect(await problemOf(await ask('GET', '/versions/1/diff?to=9'))).toMatchObject({
      code: 'version_not_kept',
    })
  })
})

describe('two editors', () => {
  it('cannot overwrite each other without knowing it, and are told where they meet', async () => {
    await patched(0, { archetype_overrides: { hero: { name: 'One' } } })
    await patched(1, { archetype_overrides: { hero: { name: 'Two' } } })
    const stale = await ask('PATCH', '', { archetype_overrides: { hero: { name: 'Three' } } }, 1)
    expect([stale.status, await stale.json()]).toEqual([
      412,
      expect.objectContaining({
        code: 'version_mismatch',
        version: 2,
        conflicts: ['/archetype_overrides/hero/name'],
      }),
    ])
    const elsewhere = await ask('PATCH', '', headline('Mine'), 1)
    expect([elsewhere.status, await elsewhere.json()]).toEqual([
      412,
      expect.objectContaining({ version: 2, conflicts: [] }),
    ])
    expect((await read()).archetype_overrides).toEqual({ hero: { name: 'Two' } })
    expect(await problemOf(await ask('POST', '/restore', { version: 1 }, 1))).toMatchObject({
      code: 'version_mismatch',
    })
  })

  it.each([undefined, '*', 'W/"0"', '0', '"x"', '"0", "1"'])(
    'with If-Match: %s are asked for a version',
    async (given) => {
      expect(await problemOf(await ask('PATCH', '', headline('Mine'), given))).toMatchObject({
        status: 428,
        code: 'if_match_required',
      })
    },
  )

  it('forty of them: each accepted write is a version of its own, none is lost, and at most 50 are kept', async () => {
    const editors = Array.from({ length: 40 }, (_, n) => n)
    const accepted: { version: number; text: string }[] = []
    await Promise.all(
      editors.map(async (n) => {
        for (let round = 0; round < 2; round++) {
          for (;;) {
            const { version } = await read()
            const text = `Editor ${n}, round ${round}`
            const response = await ask('PATCH', '', headline(text), version)
            if (response.status === 200) {
              accepted.push({ version: FrameworkConfig.parse(await response.json()).version, text })
              break
            }
            // Somebody else was first. Or all connections were busy.
            expect([412, 503]).toContain(response.status)
          }
        }
      }),
    )
    expect(accepted.map(({ version }) => version).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 80 }, (_, n) => n + 1),
    )
    const { rows } = await admin.query<{ version: number; headline: string }>(
      `select version, full_config #>> '{landing_overrides,headline}' as headline
       from public.framework_config_snapshots where tenant_id = $1 order by version`,
      [tenant.id],
    )
    expect(rows).toHaveLength(50)
    const byVersion = new Map(accepted.map(({ version, text }) => [version, text]))
    for (const { version, headline } of rows) expect(headline).toBe(byVersion.get(version))
    expect(rows[0]!.version).toBe(31)
    expect(await problemOf(await ask('POST', '/restore', { version: 30 }, 80))).toMatchObject({
      status: 404,
      code: 'version_not_kept',
    })
    // The version that was changed is not kept any more, so nobody can say where the two meet.
    const late = (await (await ask('PATCH', '', headline('Late'), 7)).json()) as object
    expect(late).toMatchObject({ code: 'version_mismatch', version: 80 })
    expect(late).not.toHaveProperty('conflicts')
  }, 60_000)

  it('at the database itself: a stale version is refused, and no version is skipped', async () => {
    const save = (expected: number) =>
      admin.query(
        `select (private.save_framework_config($1, 'industry4', $2, '{"landing_overrides": {}}', '[]')).version`,
        [tenant.id, expected],
      )
    const attempts = await Promise.allSettled(Array.from({ length: 10 }, () => save(0)))
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await expect(save(0)).rejects.toMatchObject({ message: 'version_mismatch', code: 'PT412' })
    await expect(
      admin.query(`update public.framework_config_snapshots set reason = 'other' where tenant_id = $1`, [
        tenant.id,
      ]),
    ).rejects.toThrow()
  })
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
    const answer = await problemOf(await ask('PATCH', '', body, 0))
    expect(answer).toMatchObject({ status: 422, code: 'invalid_value' })
    expect(answer.pointers).toContain(pointer)
    expect((await read()).version).toBe(0)
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
    const answer = await problemOf(await ask('PATCH', '', body, 0))
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
            authorization: `Bearer ${owner.token}`,
            'x-tenant': tenant.slug,
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
    expect(await problemOf(await ask('PATCH', '', large(2_000_000), 0))).toMatchObject({ status: 413 })
    const templates = Object.fromEntries(
      Array.from({ length: 9 }, (_, n) => [`t${n}`, { subject: 'x', body_html: 'x'.repeat(40_000) }]),
    )
    const answer = await ask('PATCH', '', { communications: { email_templates: templates } }, 0)
    expect(await problemOf(answer)).toMatchObject({ status: 422, code: 'invalid_value' })
    expect((await read()).version).toBe(0)
  })

  it('a framework that does not exist, and a version that cannot be one', async () => {
    const at = (path: string) =>
      call(`/assessments/frameworks/${path}`, { token: owner.token, tenant: tenant.slug })
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
    await patched(0, headline('Ours'))
    const other = await makePerson()
    const theirs = await makeTenant({ owner: other })
    const response = await call('/assessments/frameworks/money-archetypes/config/versions/1', {
      token: other.token,
      tenant: theirs.slug,
    })
    expect(await problemOf(response)).toMatchObject({ code: 'version_not_kept' })
  })
})
