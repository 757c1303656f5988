import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { connected } from '../../stack/database/connected.ts'
import { compareWithSchemas } from '../../stack/release/compare.ts'
import { readMigrations, readReleases } from '../../stack/release/releases.ts'
import { proveUpgrade } from '../../stack/release/upgrade.ts'
import { watchCommandLines } from '../kit/command-lines.ts'
import { makeNextState, notes } from './next-state.ts'
import { makeWorld, type World } from './world.ts'

// A busy machine makes these slow, not wrong.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

let world: World
let folder: Awaited<ReturnType<World['makeDataFolder']>>
beforeAll(async () => {
  world = await makeWorld()
  await world.record('1.0.0')
  folder = await world.makeDataFolder()
  await folder.start()
  await connected(folder.url, (db) =>
    db.query(`insert into public.tenants (slug, name, tenant_type) values ('mine', 'Mine', 'coach')`),
  )
  await makeNextState(world.copy)
})
afterAll(() => world?.stop())

describe('a state after the first release', () => {
  let added: string
  let finished: string
  /** The finished migration with a little more, or less. */
  const withMigration = (edit: (sql: string) => string, work: () => Promise<void>) =>
    world.copy.withFile(added, edit(finished), work)

  it('is not generated into migrations: the command to run is named', async () => {
    const before = readMigrations(world.root)
    const { code, stderr } = await world.command('generate')
    expect(code).toBe(1)
    expect(stderr).toMatch(/lacks what supabase\/schemas says: column public\.campaigns\.audience/)
    expect(stderr).toContain('Run "npm run migration -- <name>" to draft the next one')
    expect(readMigrations(world.root)).toEqual(before)
  })

  it.each(['Add-Notes', 'add notes', 'add_2', '../notes', ''])(
    '%j is no name for a migration',
    async (name) => {
      await expect(world.draft(name)).rejects.toThrow(/is no name for a migration: use lowercase words/)
    },
  )

  it('a name that another migration has is refused', async () => {
    await expect(world.draft('kernel')).rejects.toThrow(
      /_kernel\.sql has this name already: choose another one\.$/,
    )
  })

  it('is drafted: the new file as it is, the changes of others, the rows of the product', async () => {
    const { result, commandLines } = await watchCommandLines(() => world.draft('add_notes'))
    added = await world.migrationNamed('_add_notes.sql')
    expect(result).toEqual({ paths: [added], left: [] })
    const sql = await world.copy.read(added)
    expect(sql).toContain(notes)
    expect(sql).toMatch(/ALTER TABLE "public"\."campaigns" ADD COLUMN "audience" text NOT NULL DEFAULT 'all'/)
    expect(sql.match(/^CREATE .*/gm)).toEqual([
      'CREATE OR REPLACE FUNCTION private.tg_emit_campaign_events()',
    ])
    expect(sql.match(/^(?:insert into|select private\.register_)[^(]*\(/gm)).toEqual([
      'select private.register_table(',
      'insert into public.plans (',
      'select private.register_table(',
    ])

    const password = new URL(folder.url).password
    expect([...commandLines].some((line) => line.includes('pg-delta') && line.includes('--source'))).toBe(
      true,
    )
    expect([...commandLines].filter((line) => line.includes(password))).toEqual([])
  })

  it('a draft that nobody has finished is not released, and no other one is begun', async () => {
    const said = `${added} is a draft: finish it and remove its first two lines, or delete it.`
    await expect(world.draft('add_more')).rejects.toThrow(said)
    await expect(world.record('1.1.0')).rejects.toThrow(`${said}\n1.1.0 was not released.`)
  })

  it('the finished draft makes what the schema files say, and loses nothing', async () => {
    finished = (await world.copy.read(added)).split('\n').slice(2).join('\n')
    await world.copy.edit(added, () => finished)
    expect(await compareWithSchemas(world.server, world.root)).toEqual([])
    const proof = await proveUpgrade(world.server, world.root)
    expect(proof.problems).toEqual([])
    expect(proof.rowCount).toBeGreaterThan(500)
    expect(proof.unshown).toContain('public.tenant_invitations')
  })

  it('each row and value that a migration loses is told, and each difference', async () => {
    const harm = `
        delete from public.participant_sessions;
        update public.campaigns set name = 'other';
        alter table public.tenant_projects drop column name cascade;
        create index campaigns_opens_at_idx on public.campaigns (opens_at);
        update public.plans set price_minor = 1 where plan = 'business';`
    await withMigration(
      (sql) => sql + harm,
      async () => {
        const told = (await world.problems()).join('\n')
        expect(told).toMatch(
          /^public\.participant_sessions lost (\d+) of \1 rows: \[.+ If this is meant, a migration says so in a line "-- changes public\.participant_sessions: <why>"\.$/m,
        )
        expect(told).toMatch(/^public\.campaigns\.name has another value in \d+ rows: \[/m)
        expect(told).toMatch(/^public\.tenant_projects\.name is gone, and with it its value in 3 rows\./m)
        expect(told).toMatch(/lacks what supabase\/schemas says: column public\.tenant_projects\.name /)
        expect(told).toMatch(
          /has what supabase\/schemas does not say: index CREATE INDEX campaigns_opens_at_idx/,
        )
        expect(told).toMatch(/lacks what supabase\/schemas says: row of public\.plans: .*"business"/)
        await expect(world.record('1.1.0')).rejects.toThrow(/1\.1\.0 was not released\.$/)
      },
    )
  })

  it('a loss that a migration says it means is none', async () => {
    const meant = `
-- changes public.usage_events: the samples of a page that is gone
delete from public.usage_events where event_type = 'page.viewed';
`
    await withMigration(
      // Before the demo tenants' snapshots are taken.
      (sql) => sql.replace('-- Rows of the product.', () => meant),
      async () => expect(await world.problems()).toEqual([]),
    )
  })

  it('a migration that only an empty database can take is told', async () => {
    await withMigration(
      (sql) => `${sql}\nalter table public.campaigns add constraint c check (name = 'none');\n`,
      async () =>
        expect(await world.problems()).toEqual([
          expect.stringMatching(/add_notes\.sql fails on a database of 1\.0\.0 with data in it: .*"c"/),
        ]),
    )
  })

  it('demo tenants whose snapshots no longer fit are told', async () => {
    await withMigration(
      (sql) => sql.slice(0, sql.indexOf('-- changes private.demo_snapshots')),
      async () =>
        expect(await world.problems()).toEqual([
          expect.stringMatching(/demo tenant demo-coaching .* Have the migration take it anew with/),
        ]),
    )
  })

  it('a data folder of the released version is upgraded, with what is in it, as far as migrations work', async () => {
    await world.copy.withFile('supabase/migrations/99991231000000_broken.sql', 'select 1 / 0;', async () => {
      await expect(folder.start()).rejects.toThrow(/99991231000000_broken\.sql failed and changed nothing/)
    })
    expect(await folder.start()).toBe(0)
    const { rows } = await connected(folder.url, (db) =>
      db.query(
        `select slug, (select count(*)::int from public.notes) as notes from public.tenants where slug = 'mine'`,
      ),
    )
    expect(rows).toEqual([{ slug: 'mine', notes: 0 }])
  })

  it('one that applied a migration as it was before the release is refused in one sentence', async () => {
    await withMigration(
      (sql) => `${sql}\nselect 1;\n`,
      async () => {
        await expect(folder.start()).rejects.toThrow(
          /^The data in .+ was made by another version of supabase\/migrations\. Run "npm run reset", which deletes this data, and start again\.$/,
        )
      },
    )
  })

  it('is released as the next version, and then upgrades from that one', async () => {
    expect(await world.record('1.1.0')).toBe(1)
    expect(
      readReleases(world.root).map(({ version, migrations }) => [version, Object.keys(migrations).length]),
    ).toEqual([
      ['1.0.0', readMigrations(world.root).length - 1],
      ['1.1.0', 1],
    ])
    await expect(world.record('1.0.5')).rejects.toThrow(
      /^1\.1\.0 is released, so the next version must be greater/,
    )
    expect(await world.problems()).toEqual([])
  })
})
