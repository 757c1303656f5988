import { beforeEach, describe, expect, it } from 'vitest'
import { ConfigDraft, FrameworkConfig, ResolvedAnswer } from '../../../lib/assessments/index.ts'
import { problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { Config, headline } from './config.ts'

let config: Config
beforeEach(async () => {
  config = await Config.ofNewTenant()
})

const put = (body: object, revision = '0') => config.ask('PUT', '/draft', body, `"${revision}"`)
/** Makes or replaces the draft. */
async function draft(body: object, revision = '0'): Promise<ConfigDraft> {
  const response = await put(body, revision)
  expect(response.status, await response.clone().text()).toBe(200)
  const made = ConfigDraft.parse(await response.json())
  expect(response.headers.get('etag')).toBe(`"${made.revision}"`)
  return made
}
const publish = (revision: string) => config.ask('POST', '/draft/publish', undefined, `"${revision}"`)
const read = () => config.ask('GET', '/draft')

describe('a draft', () => {
  it('changes nothing before it is published, and is then the next version and gone', async () => {
    expect(await problemOf(await read())).toMatchObject({ status: 404, code: 'draft_not_found' })
    const made = await draft({ base_version: 0, ...headline('Soon'), reason: 'For spring' })
    expect(made).toMatchObject({ base_version: 0, version: 0, conflicts: [], reason: 'For spring' })
    expect(await config.read()).toMatchObject({ version: 0, landing_overrides: {} })
    const shown = ConfigDraft.parse(
      await (await config.ask('GET', '/draft', undefined, undefined, config.member)).json(),
    )
    expect(shown).toEqual(made)
    const published = FrameworkConfig.parse(await (await publish(made.revision)).json())
    expect(published).toMatchObject({ version: 1, reason: 'For spring', ...headline('Soon') })
    expect((await config.read()).version).toBe(1)
    expect(await problemOf(await read())).toMatchObject({ code: 'draft_not_found' })
  })

  it('is resolved and tried out before it is published', async () => {
    await config.patch(0, { voice_overrides: { language: 'de' } })
    await draft({
      base_version: 0,
      archetype_overrides: { hero: { name: 'Champion' } },
      mode_overrides: { qa: { is_enabled: false } },
    })
    const answer = ResolvedAnswer.parse(
      await (await config.ask('GET', '/draft/resolved?explain=true')).json(),
    )
    // With what was published since.
    expect(answer).toMatchObject({
      version: 1,
      config: { archetypes: { hero: { name: 'Champion' } }, voice: { language: 'de' } },
      sources: { '/archetypes/hero/name': 'tenant', '/archetypes/hero/emoji': 'framework' },
    })
    const published = ResolvedAnswer.parse(await (await config.ask('GET', '/resolved')).json())
    expect(published.config.archetypes.hero!.name).toBe('Hero')
    const preview = (rest: string) => config.ask('POST', rest, { mode: 'qa', answers: {} })
    expect((await preview('/preview')).status).toBe(200)
    expect(await problemOf(await preview('/draft/preview'))).toMatchObject({
      code: 'invalid_value',
      pointers: ['/mode'],
    })
    const tried = await config.ask('POST', '/draft/preview', { answers: { l01: 5 } })
    expect((await tried.json()).scores.map(({ name }: { name: string }) => name)).toContain('Champion')
  })

  it('is replaced and thrown away only by who has read it', async () => {
    const first = await draft({ base_version: 0, ...headline('One') })
    expect(await problemOf(await put({ base_version: 0, ...headline('Other') }))).toMatchObject({
      status: 412,
      code: 'draft_changed',
    })
    const second = await draft({ base_version: 0, ...headline('Two') }, first.revision)
    const stale = await put({ base_version: 0, ...headline('Three') }, first.revision)
    expect([stale.status, await stale.json()]).toEqual([
      412,
      expect.objectContaining({ code: 'draft_changed', revision: second.revision }),
    ])
    for (const answer of [
      await config.ask('DELETE', '/draft', undefined, `"${first.revision}"`),
      await publish(first.revision),
    ])
      expect(await problemOf(answer)).toMatchObject({ code: 'draft_changed' })
    expect((await config.ask('DELETE', '/draft', undefined, `"${second.revision}"`)).status).toBe(204)
    // The next draft is another one, so an editor who still has the old one overwrites nothing.
    const third = await draft({ base_version: 0, ...headline('Four') })
    expect(await problemOf(await put({ base_version: 0, ...headline('x') }, second.revision))).toMatchObject({
      code: 'draft_changed',
    })
    expect((await publish(third.revision)).status).toBe(200)
    expect(await problemOf(await publish(third.revision))).toMatchObject({ code: 'draft_not_found' })
    expect(await problemOf(await put({ base_version: 1, ...headline('x') }, third.revision))).toMatchObject({
      code: 'draft_changed',
    })
  })

  it('is made once by twelve who make it at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => put({ base_version: 0, ...headline(`Editor ${n}`) })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 412]))
    const { rowCount } = await admin.query(
      'select from public.framework_config_drafts where tenant_id = $1',
      [config.tenant.id],
    )
    expect(rowCount).toBe(1)
  })

  it.each([undefined, '*', 'W/"0"', '"1"', '0', '"x"', '"0", "0"'])(
    'with If-Match: %s is neither made nor published nor thrown away',
    async (given) => {
      for (const [method, rest, body] of [
        ['PUT', '', { base_version: 0, ...headline('x') }],
        ['DELETE', '', undefined],
        ['POST', '/publish', undefined],
        ['POST', '/schedule', { publish_at: new Date(Date.now() + 60_000).toISOString() }],
      ] as const)
        expect(await problemOf(await config.ask(method, `/draft${rest}`, body, given))).toMatchObject({
          status: 428,
          code: 'if_match_required',
        })
    },
  )
})

describe('a draft of a version that is not the newest any more', () => {
  it('is published on top of what others changed elsewhere', async () => {
    const { revision } = await draft({
      base_version: 0,
      archetype_overrides: { hero: { name: 'Champion' }, artist: { name: 'Maker' } },
    })
    await config.patch(0, { archetype_overrides: { hero: { emoji: '🏆' } }, ...headline('Theirs') })
    expect(ConfigDraft.parse(await (await read()).json())).toMatchObject({ version: 1, conflicts: [] })
    const published = FrameworkConfig.parse(await (await publish(revision)).json())
    expect(published).toMatchObject({
      version: 2,
      archetype_overrides: { hero: { name: 'Champion', emoji: '🏆' }, artist: { name: 'Maker' } },
      ...headline('Theirs'),
    })
  })

  it('is refused where others changed the same, says where, and stays', async () => {
    const { revision } = await draft({ base_version: 0, ...headline('Mine') })
    await config.patch(0, headline('Theirs'))
    const shown = ConfigDraft.parse(await (await read()).json())
    expect(shown).toMatchObject({ version: 1, conflicts: ['/landing_overrides/headline'] })
    const answer = await publish(revision)
    expect([answer.status, await answer.json()]).toEqual([
      412,
      expect.objectContaining({
        code: 'version_mismatch',
        version: 1,
        conflicts: ['/landing_overrides/headline'],
      }),
    ])
    expect((await config.read()).landing_overrides).toEqual({ headline: 'Theirs' })
    const again = await draft({ base_version: 1, ...headline('Mine') }, revision)
    expect((await publish(again.revision)).status).toBe(200)
  })

  it('is refused where the two make no sense together', async () => {
    const without = (...modes: string[]) => ({
      mode_overrides: Object.fromEntries(modes.map((mode) => [mode, { is_enabled: false }])),
    })
    const { revision } = await draft({ base_version: 0, ...without('likert', 'qa', 'game') })
    await config.patch(0, without('deal', 'realm'))
    expect(await problemOf(await publish(revision))).toMatchObject({
      status: 422,
      code: 'invalid_value',
      pointers: ['/mode_overrides'],
    })
    expect((await config.read()).version).toBe(1)
  })

  it('is made of one that is kept, and of no other', async () => {
    for (const base_version of [1, 2_147_483_647])
      expect(await problemOf(await put({ base_version, ...headline('x') }))).toMatchObject({
        status: 404,
        code: 'version_not_kept',
      })
    for (const base_version of [-1, 1.5, '0', null, undefined])
      expect(await problemOf(await put({ base_version, ...headline('x') }))).toMatchObject({
        status: 422,
        pointers: ['/base_version'],
      })
  })
})

describe('a draft that could not be published', () => {
  it.each<[string, object, string, string]>([
    ['names no column', {}, 'invalid_body', ''],
    ['names a stranger', { archetype_overrides: { king: {} } }, 'invalid_value', '/archetype_overrides/king'],
    ['has a wrong type', { archetype_overrides: [] }, 'invalid_body', '/archetype_overrides'],
    [
      'has bands that overlap',
      { scoring_overrides: { severity_bands: { low: { to: 50 } } } },
      'invalid_value',
      '/scoring_overrides/severity_bands/medium',
    ],
    [
      'has a reason with a control character',
      { ...headline('x'), reason: 'a\u0007b' },
      'invalid_value',
      '/reason',
    ],
    [
      'has a reserved name',
      { voice_overrides: { constructor: 'x' } },
      'invalid_body',
      '/voice_overrides/constructor',
    ],
  ])('is not kept if it %s', async (_what, body, code, pointer) => {
    const answer = await problemOf(await put({ base_version: 0, ...body }))
    expect(answer).toMatchObject({ status: 422, code })
    expect(answer.pointers).toContain(pointer)
    expect((await read()).status).toBe(404)
  })

  it('is not kept if a part is too large', async () => {
    const templates = Object.fromEntries(
      Array.from({ length: 9 }, (_, n) => [`t${n}`, { subject: 'x', body_html: 'x'.repeat(40_000) }]),
    )
    const answer = await put({ base_version: 0, communications: { email_templates: templates } })
    expect(await problemOf(answer)).toMatchObject({ status: 422, code: 'invalid_value', pointers: [''] })
  })
})
