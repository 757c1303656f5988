import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { readMigrations, readReleases } from '../../stack/release/releases.ts'
import { campaigns } from './next-state.ts'
import { makeWorld, type World } from './world.ts'

// A busy machine makes these slow, not wrong.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

let world: World
let folder: Awaited<ReturnType<World['makeDataFolder']>>
beforeAll(async () => {
  world = await makeWorld()
})
afterAll(() => world?.stop())

describe('before the first release', () => {
  it('there is no upgrade to prove, which is no failure', async () => {
    expect(await world.command('release', '--check')).toEqual({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(/^Nothing is released yet, so there is no upgrade to prove yet\.$/m),
    })
  })

  it('there is no migration to draft', async () => {
    await expect(world.draft('add_notes')).rejects.toThrow(
      /^Nothing is released yet: "npm run generate" makes/,
    )
  })

  it.each(['1.0', 'v1.0.0', '1.0.0-rc.1', '01.0.0', '1.0.0.0', ''])('%j is no version', async (version) => {
    await expect(world.record(version)).rejects.toThrow(
      /^A version has three numbers, such as 1\.0\.0\. This one is/,
    )
    expect(readReleases(world.root)).toEqual([])
  })

  it('schema files that the migrations do not make yet are not released', async () => {
    await world.copy.withFile(
      campaigns,
      `${await world.copy.read(campaigns)}\ncreate index on public.campaigns (opens_at);\n`,
      async () => {
        await expect(world.record('1.0.0')).rejects.toThrow(
          /lacks what supabase\/schemas says: index CREATE INDEX campaigns_opens_at_idx[^\n]*\n1\.0\.0 was not released\.$/,
        )
      },
    )
    expect(readReleases(world.root)).toEqual([])
  })
})

describe('the first release', () => {
  const kernel = 'supabase/migrations/20261121000000_kernel.sql'

  it('keeps the name and hash of each migration, and its seeds', async () => {
    const migrations = readMigrations(world.root)
    expect(await world.record('1.0.0')).toBe(migrations.length)
    expect(readReleases(world.root)).toEqual([
      {
        version: '1.0.0',
        migrations: Object.fromEntries(migrations.map(({ name, sha256 }) => [name, sha256])),
      },
    ])
    expect(await world.copy.read('supabase/released-seeds.sql')).toContain(
      await world.copy.read('seeds/registry.sql'),
    )
  })

  it.each(['1.0.0', '0.9.9', '0.10.0'])('%s cannot follow it', async (version) => {
    await expect(world.record(version)).rejects.toThrow(
      `1.0.0 is released, so the next version must be greater than that, not ${version}.`,
    )
  })

  it('leaves nothing to draft', async () => {
    await expect(world.draft('add_notes')).rejects.toThrow(/there is nothing to draft\.$/)
  })

  it('makes a data folder', async () => {
    folder = await world.makeDataFolder()
    expect(await folder.start()).toBe(readMigrations(world.root).length)
    expect(await folder.start()).toBe(0)
  })

  it.each([
    [
      'edited',
      (sql: string) => `${sql}\n-- One more line.\n`,
      'has been edited since. Put it back as it was.',
    ],
    ['missing', () => null, 'is missing. Put it back as it was.'],
  ])('a released file that is %s stops every command', async (_what, edit, sentence) => {
    const edited = edit(await world.copy.read(kernel))
    await world.copy.withFile(kernel, edited, async () => {
      const said = `${kernel} was released in 1.0.0 and ${sentence}`
      await expect(world.record('1.1.0')).rejects.toThrow(said)
      await expect(world.draft('add_notes')).rejects.toThrow(said)
      await expect(folder.start()).rejects.toThrow(said)
      expect((await world.problems())[0]).toContain(said)
      const generated = await world.command('generate')
      expect([generated.code, generated.stderr]).toEqual([1, expect.stringContaining(said)])
      expect(await world.copy.read(kernel).catch(() => null)).toBe(edited)
    })
  })

  it('a new migration that is numbered before a released one is refused', async () => {
    await world.copy.withFile('supabase/migrations/20261121000001_late.sql', 'select 1;', async () => {
      await expect(folder.start()).rejects.toThrow(
        /20261121000001_late\.sql is not released, but stands before/,
      )
    })
  })

  it.each(['{', '{}', '[{"version": "1.0"}]'])(
    'a list of releases that holds %s is refused',
    async (text) => {
      await world.copy.withFile('supabase/released.json', text, async () => {
        await expect(folder.start()).rejects.toThrow(
          /^supabase\/released\.json cannot be used \(.+\): put it back from git\.$/,
        )
      })
    },
  )

  it('without the seeds of the release nothing can be proven', async () => {
    await world.copy.withFile('supabase/released-seeds.sql', null, async () => {
      await expect(world.problems()).rejects.toThrow(
        'supabase/released-seeds.sql is missing: put it back from git.',
      )
    })
  })
})
