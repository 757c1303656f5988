import { createHash } from 'node:crypto'
import { applyPatch, type Operation } from 'rfc6902'
import { beforeEach, describe, expect, it } from 'vitest'
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
import { Config, headline } from './config.ts'

let config: Config
beforeEach(async () => {
  config = await Config.ofNewTenant()
})

const contentOf = ({ version: _v, reason: _r, updated_at: _u, ...columns }: FrameworkConfig) => columns

describe('the configuration of a framework', () => {
  it('is the base until somebody changes it', async () => {
    const { frameworks } = Frameworks.parse(
      await (
        await call('/assessments/frameworks', { token: config.member.token, tenant: config.tenant.slug })
      ).json(),
    )
    expect(frameworks.map((one) => [one.framework_id, one.config_version])).toEqual([
      ['industry4', 0],
      ['money-archetypes', 0],
    ])
    expect(await config.read()).toMatchObject({ version: 0, archetype_overrides: {}, test_clients: [] })
    const resolved = ResolvedAnswer.parse(await (await config.ask('GET', '/resolved')).json())
    expect(Object.keys(resolved.config.archetypes)).toHaveLength(8)
    expect(Object.keys(resolved.config.modes).sort()).toEqual(['deal', 'game', 'likert', 'qa', 'realm'])
  })

  it('changes by version, and the resolved one says where each value comes from', async () => {
    await config.patch(0, {
      archetype_overrides: { hero: { name: 'Champion' } },
      voice_overrides: { tone_directives: ['Be brief.'] },
      reason: 'Our words',
    })
    const answer = await config.ask('GET', '/resolved?explain=true', undefined, undefined, config.member)
    const { config: resolved, sources, version } = ResolvedAnswer.parse(await answer.json())
    expect(version).toBe(1)
    expect(resolved.archetypes.hero).toMatchObject({ name: 'Champion', emoji: '🛡️' })
    expect(resolved.voice.tone_directives).toEqual(['Be brief.'])
    expect(sources).toMatchObject({
      '/archetypes/hero/name': 'tenant',
      '/archetypes/hero/emoji': 'framework',
      '/voice/tone_directives': 'tenant',
      '/voice/system_prompt': 'framework',
    })
    const etag = (await config.ask('GET', '/resolved')).headers.get('etag')!
    const again = (headers: Record<string, string>) =>
      call('/assessments/frameworks/money-archetypes/config/resolved', {
        token: config.owner.token,
        tenant: config.tenant.slug,
        headers,
      })
    expect((await again({ 'if-none-match': etag })).status).toBe(304)
    await config.patch(1, headline('Now'))
    expect((await again({ 'if-none-match': etag })).status).toBe(200)
  })

  it('is never read stale, by the writer or by others, whoever changed it and however', async () => {
    const seen = async (by = config.member) => {
      const answer = await config.ask('GET', '/resolved', undefined, undefined, by)
      const resolved = ResolvedAnswer.parse(await answer.json())
      return {
        version: resolved.version,
        headline: resolved.config.landing.headline,
        etag: answer.headers.get('etag'),
      }
    }
    const tags = new Set([(await seen()).etag])
    for (const version of [0, 1, 2]) {
      await config.patch(version, headline(`Version ${version + 1}`))
      for (const by of [config.owner, config.member])
        expect(await seen(by)).toMatchObject({ version: version + 1, headline: `Version ${version + 1}` })
      tags.add((await seen()).etag)
    }
    expect(tags.size).toBe(4)
    // The reset of a demo goes back, and the next version 1 is another one.
    await admin.query('delete from public.framework_configs where tenant_id = $1', [config.tenant.id])
    expect((await seen()).version).toBe(0)
    await config.patch(0, headline('Another first'))
    const again = await seen()
    expect(again).toMatchObject({ version: 1, headline: 'Another first' })
    expect(tags.has(again.etag)).toBe(false)
  })

  it('of another tenant is another, also with the same version', async () => {
    const other = await Config.ofNewTenant()
    await config.patch(0, headline('Ours'))
    await other.patch(0, headline('Theirs'))
    for (const [one, text] of [
      [config, 'Ours'],
      [other, 'Theirs'],
      [config, 'Ours'],
    ] as const)
      expect((await (await one.ask('GET', '/resolved')).json()).config.landing.headline).toBe(text)
  })

  it('gets no new version from a change that changes nothing', async () => {
    await config.patch(0, headline('Ours'))
    const same = await config.ask('PATCH', '', headline('Ours'), 1)
    expect([same.status, same.headers.get('etag')]).toEqual([200, '"1"'])
  })

  it('comes back from a version byte for byte, as a version of its own', async () => {
    const first = await config.patch(0, { ...headline('First'), test_clients: [{ id: 'ada', name: 'Ada' }] })
    await config.patch(1, { ...headline('Second'), test_clients: [] })
    const response = await config.ask('POST', '/restore', { version: 1, reason: 'It was better' }, 2)
    const restored = FrameworkConfig.parse(await response.json())
    const hash = (of: FrameworkConfig) =>
      createHash('sha256')
        .update(JSON.stringify(contentOf(of)))
        .digest('hex')
    expect([restored.version, hash(restored)]).toEqual([3, hash(first)])
    const { versions } = ConfigVersions.parse(await (await config.ask('GET', '/versions')).json())
    expect(versions.map((one) => [one.version, one.restored_version, one.reason])).toEqual([
      [3, 1, 'It was better'],
      [2, null, null],
      [1, null, null],
    ])
    const base = FrameworkConfig.parse(await (await config.ask('POST', '/restore', { version: 0 }, 3)).json())
    expect(base).toMatchObject({ version: 4, landing_overrides: {}, test_clients: [] })
  })

  it('differs between any two versions by what leads from one to the other', async () => {
    for (const version of [0, 1, 2]) await config.patch(version, headline(`Version ${version + 1}`))
    const at = async (version: number) =>
      ConfigVersion.parse(await (await config.ask('GET', `/versions/${version}`)).json())
    const diff = ConfigDiff.parse(await (await config.ask('GET', '/versions/1/diff?to=3')).json())
    const target = (await at(1)).config
    applyPatch(target, diff.diff as Operation[])
    expect(target).toEqual((await at(3)).config)
    const toNow = ConfigDiff.parse(await (await config.ask('GET', '/versions/2/diff')).json())
    expect(toNow).toMatchObject({ from: 2, to: 3, diff: (await at(3)).diff })
    expect(await problemOf(await config.ask('GET', '/versions/9'))).toMatchObject({
      code: 'version_not_kept',
    })
    expect(await problemOf(await config.ask('GET', '/versions/1/diff?to=9'))).toMatchObject({
      code: 'version_not_kept',
    })
  })
})
