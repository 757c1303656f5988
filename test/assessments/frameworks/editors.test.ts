import { beforeEach, describe, expect, it } from 'vitest'
import { FrameworkConfig } from '../../../lib/assessments/index.ts'
import { problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { Config, headline } from './config.ts'

let config: Config
beforeEach(async () => {
  config = await Config.ofNewTenant()
})

describe('two editors', () => {
  it('cannot overwrite each other without knowing it, and are told where they meet', async () => {
    await config.patch(0, { archetype_overrides: { hero: { name: 'One' } } })
    await config.patch(1, { archetype_overrides: { hero: { name: 'Two' } } })
    const stale = await config.ask('PATCH', '', { archetype_overrides: { hero: { name: 'Three' } } }, 1)
    expect([stale.status, await stale.json()]).toEqual([
      412,
      expect.objectContaining({
        code: 'version_mismatch',
        version: 2,
        conflicts: ['/archetype_overrides/hero/name'],
      }),
    ])
    const elsewhere = await config.ask('PATCH', '', headline('Mine'), 1)
    expect([elsewhere.status, await elsewhere.json()]).toEqual([
      412,
      expect.objectContaining({ version: 2, conflicts: [] }),
    ])
    expect((await config.read()).archetype_overrides).toEqual({ hero: { name: 'Two' } })
    expect(await problemOf(await config.ask('POST', '/restore', { version: 1 }, 1))).toMatchObject({
      code: 'version_mismatch',
    })
  })

  // Flagsmith's issue 7931: what two people saved from pages that they had opened before overwrote each other.
  it('who opened the page before and saves one after the other lose nothing: the second gets 412', async () => {
    await config.patch(0, headline('As it was'))
    const [one, two] = [await config.read(), await config.read()]
    await config.patch(one.version, {
      landing_overrides: { ...(one.landing_overrides as object), capture_gate: 'hard' },
    })
    const second = { landing_overrides: { ...(two.landing_overrides as object), headline: 'Mine' } }
    expect(await problemOf(await config.ask('PATCH', '', second, two.version))).toMatchObject({
      status: 412,
      code: 'version_mismatch',
    })
    expect((await config.read()).landing_overrides).toEqual({ headline: 'As it was', capture_gate: 'hard' })
  })

  it('of whom one brings a version back that the other trims: one is first, and nothing comes back by halves', async () => {
    await config.patch(0, headline('Version 1'))
    for (let version = 1; version < 50; version++)
      await admin.query(
        `select private.save_framework_config($1, 'money-archetypes', $2, jsonb_build_object('landing_overrides', jsonb_build_object('headline', $3::text)), '[]')`,
        [config.tenant.id, version, `Version ${version + 1}`],
      )
    const answers = await Promise.all([
      config.ask('POST', '/restore', { version: 1 }, 50),
      config.ask('PATCH', '', headline('Version 51'), 50),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412])
    const now = await config.read()
    expect(now.version).toBe(51)
    expect([headline('Version 1'), headline('Version 51')]).toContainEqual({
      landing_overrides: now.landing_overrides,
    })
    expect(await problemOf(await config.ask('POST', '/restore', { version: 1 }, 51))).toMatchObject({
      status: 404,
      code: 'version_not_kept',
    })
    const { rows } = await admin.query(
      'select count(*)::int as count, min(version), max(version) from public.framework_config_snapshots where tenant_id = $1',
      [config.tenant.id],
    )
    expect(rows).toEqual([{ count: 50, min: 2, max: 51 }])
  })

  it.each([undefined, '*', 'W/"0"', '0', '"x"', '"0", "1"'])(
    'with If-Match: %s are asked for a version',
    async (given) => {
      expect(await problemOf(await config.ask('PATCH', '', headline('Mine'), given))).toMatchObject({
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
            const { version } = await config.read()
            const text = `Editor ${n}, round ${round}`
            const response = await config.ask('PATCH', '', headline(text), version)
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
      [config.tenant.id],
    )
    expect(rows).toHaveLength(50)
    const byVersion = new Map(accepted.map(({ version, text }) => [version, text]))
    for (const { version, headline } of rows) expect(headline).toBe(byVersion.get(version))
    expect(rows[0]!.version).toBe(31)
    expect(await problemOf(await config.ask('POST', '/restore', { version: 30 }, 80))).toMatchObject({
      status: 404,
      code: 'version_not_kept',
    })
    // The version that was changed is not kept any more, so nobody can say where the two meet.
    const late = (await (await config.ask('PATCH', '', headline('Late'), 7)).json()) as object
    expect(late).toMatchObject({ code: 'version_mismatch', version: 80 })
    expect(late).not.toHaveProperty('conflicts')
  })

  it('at the database itself: a stale version is refused, and no version is skipped', async () => {
    const save = (expected: number) =>
      admin.query(
        `select (private.save_framework_config($1, 'industry4', $2, '{"landing_overrides": {}}', '[]')).version`,
        [config.tenant.id, expected],
      )
    const attempts = await Promise.allSettled(Array.from({ length: 10 }, () => save(0)))
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await expect(save(0)).rejects.toMatchObject({ message: 'version_mismatch', code: 'PT412' })
    await expect(
      admin.query(`update public.framework_config_snapshots set reason = 'other' where tenant_id = $1`, [
        config.tenant.id,
      ]),
    ).rejects.toThrow()
  })
})
