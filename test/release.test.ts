import { cp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { connected } from '../stack/database/connected.ts'
import { migrate } from '../stack/database/migrate.ts'
import {
  type ScratchDatabase,
  type ScratchServer,
  startScratchServer,
} from '../stack/database/scratch-server.ts'
import { compareWithSchemas } from '../stack/release/compare.ts'
import { draftMigration } from '../stack/release/draft.ts'
import { recordRelease } from '../stack/release/record.ts'
import { readMigrations, readReleases } from '../stack/release/releases.ts'
import { proveUpgrade } from '../stack/release/upgrade.ts'
import { createSecrets, type StackFile } from '../stack/secrets.ts'
import { watchCommandLines } from './kit/command-lines.ts'
import { makeTempDir, runStack } from './kit/stack.ts'

// A busy machine makes these slow, not wrong.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const project = fileURLToPath(new URL('..', import.meta.url))
const schemas = 'supabase/schemas/60_assessments'
let server: ScratchServer
let root: string

const pathOf = (path: string) => join(root, path)
const read = (path: string) => readFile(pathOf(path), 'utf8')
const migrationNamed = async (end: string) =>
  `supabase/migrations/${(await readdir(pathOf('supabase/migrations'))).find((name) => name.endsWith(end))}`

async function change(path: string, from: string, to: string): Promise<void> {
  const text = await read(path)
  expect(text).toContain(from)
  await writeFile(
    pathOf(path),
    text.replace(from, () => to),
  )
}

/** Does something while a file is another, or is not there. */
async function withFile(path: string, text: string | null, work: () => Promise<void>): Promise<void> {
  const before = await read(path).catch(() => null)
  const put = (content: string | null) =>
    content === null ? rm(pathOf(path)) : writeFile(pathOf(path), content)
  await put(text)
  try {
    await work()
  } finally {
    await put(before)
  }
}

const command = (name: string, ...args: string[]) => runStack(args, pathOf(`stack/cli/${name}.ts`))
const record = (version: string) => recordRelease(server, root, version)
const draft = (name: string) => draftMigration(server, root, name)
const problems = async () => (await proveUpgrade(server, root)).problems

beforeAll(async () => {
  root = await makeTempDir()
  for (const name of ['package.json', 'supabase', 'seeds', 'stack', 'lib', 'functions'])
    await cp(join(project, name), pathOf(name), { recursive: true })
  // The copy has a history of its own, whatever this project has released.
  await rm(pathOf('supabase/released.json'), { force: true })
  await symlink(join(project, 'node_modules'), pathOf('node_modules'))
  server = await startScratchServer()
})
afterAll(async () => {
  await server?.stop()
  await rm(root, { recursive: true, force: true })
})

describe('before the first release', () => {
  it('there is no upgrade to prove, which is no failure', async () => {
    expect(await command('release', '--check')).toEqual({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(/^Nothing is released yet, so there is no upgrade to prove yet\.$/m),
    })
  })

  it('there is no migration to draft', async () => {
    await expect(draft('add_notes')).rejects.toThrow(/^Nothing is released yet: "npm run generate" makes/)
  })

  it.each(['1.0', 'v1.0.0', '1.0.0-rc.1', '01.0.0', '1.0.0.0', ''])('%j is no version', async (version) => {
    await expect(record(version)).rejects.toThrow(
      /^A version has three numbers, such as 1\.0\.0\. This one is/,
    )
    expect(readReleases(root)).toEqual([])
  })

  it('schema files that the migrations do not make yet are not released', async () => {
    const path = `${schemas}/01_campaigns.sql`
    await withFile(path, `${await read(path)}\ncreate index on public.campaigns (opens_at);\n`, async () => {
      await expect(record('1.0.0')).rejects.toThrow(
        /lacks what supabase\/schemas says: index CREATE INDEX campaigns_opens_at_idx[^\n]*\n1\.0\.0 was not released\.$/,
      )
    })
    expect(readReleases(root)).toEqual([])
  })
})

describe('the first release', () => {
  /** A data folder's database and stack.json, as npm start has them. */
  let data: ScratchDatabase
  let stackFile: StackFile
  const start = () => migrate(root, data.url, root, stackFile)
  const kernel = 'supabase/migrations/20261121000000_kernel.sql'

  it('keeps the name and hash of each migration, and its seeds', async () => {
    const migrations = readMigrations(root)
    expect(await record('1.0.0')).toBe(migrations.length)
    expect(readReleases(root)).toEqual([
      {
        version: '1.0.0',
        migrations: Object.fromEntries(migrations.map(({ name, sha256 }) => [name, sha256])),
      },
    ])
    expect(await read('supabase/released-seeds.sql')).toContain(await read('seeds/registry.sql'))
  })

  it.each(['1.0.0', '0.9.9', '0.10.0'])('%s cannot follow it', async (version) => {
    await expect(record(version)).rejects.toThrow(
      `1.0.0 is released, so the next version must be greater than that, not ${version}.`,
    )
  })

  it('leaves nothing to draft', async () => {
    await expect(draft('add_notes')).rejects.toThrow(/there is nothing to draft\.$/)
  })

  it('makes a data folder', async () => {
    data = await server.makeDatabase()
    stackFile = await createSecrets()
    expect(await start()).toBe(readMigrations(root).length)
    await connected(data.url, (db) =>
      db.query(`insert into public.tenants (slug, name, tenant_type) values ('mine', 'Mine', 'coach')`),
    )
    expect(await start()).toBe(0)
  })

  it.each([
    [
      'edited',
      (sql: string) => `${sql}\n-- One more line.\n`,
      'has been edited since. Put it back as it was.',
    ],
    ['missing', () => null, 'is missing. Put it back as it was.'],
  ])('a released file that is %s stops every command', async (_what, edit, sentence) => {
    await withFile(kernel, edit(await read(kernel)), async () => {
      const said = `${kernel} was released in 1.0.0 and ${sentence}`
      await expect(record('1.1.0')).rejects.toThrow(said)
      await expect(draft('add_notes')).rejects.toThrow(said)
      await expect(start()).rejects.toThrow(said)
      expect((await problems())[0]).toContain(said)
      const generated = await command('generate')
      expect([generated.code, generated.stderr]).toEqual([1, expect.stringContaining(said)])
      expect(await read(kernel).catch(() => null)).toBe(edit(await readFile(join(project, kernel), 'utf8')))
    })
  })

  it('a new migration that is numbered before a released one is refused', async () => {
    await withFile('supabase/migrations/20261121000001_late.sql', 'select 1;', async () => {
      await expect(start()).rejects.toThrow(/20261121000001_late\.sql is not released, but stands before/)
    })
  })

  it.each(['{', '{}', '[{"version": "1.0"}]'])(
    'a list of releases that holds %s is refused',
    async (text) => {
      await withFile('supabase/released.json', text, async () => {
        await expect(start()).rejects.toThrow(
          /^supabase\/released\.json cannot be used \(.+\): put it back from git\.$/,
        )
      })
    },
  )

  it('without the seeds of the release nothing can be proven', async () => {
    await withFile('supabase/released-seeds.sql', null, async () => {
      await expect(problems()).rejects.toThrow(
        'supabase/released-seeds.sql is missing: put it back from git.',
      )
    })
  })

  describe('and a next state', () => {
    const notes = `create table public.notes (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  -- Plain text: a page shows it as it is.
  body text not null,
  primary key (tenant_id, id)
);
comment on table public.notes is 'What a coach jots down.';
alter table public.notes enable row level security;
create policy "members read their tenant's notes" on public.notes
  for select to authenticated using (tenant_id = any (array(select private.tenant_ids('read'))));
grant select on public.notes to authenticated;

select private.register_table('public.notes', personal => '{body}');
`
    let added: string
    let finished: string
    /** The finished migration with a little more, or less. */
    const withMigration = (edit: (sql: string) => string, work: () => Promise<void>) =>
      withFile(added, edit(finished), work)

    beforeAll(async () => {
      await writeFile(pathOf(`${schemas}/90_notes.sql`), notes)
      const campaigns = `${schemas}/01_campaigns.sql`
      await change(
        campaigns,
        '  updated_by uuid,\n',
        `  updated_by uuid,\n  audience text not null default 'all',\n`,
      )
      await change(
        campaigns,
        'assessment_type,results_disclosure}',
        'assessment_type,results_disclosure,audience}',
      )
      await change(
        campaigns,
        `'name', campaign.name,`,
        `'name', campaign.name, 'audience', campaign.audience,`,
      )
      await change('supabase/schemas/10_tenancy/02_plans.sql', `'Starter', 4900`, `'Starter', 5900`)
    })

    it('is not generated into migrations: the command to run is named', async () => {
      const before = readMigrations(root)
      const { code, stderr } = await command('generate')
      expect(code).toBe(1)
      expect(stderr).toMatch(/lacks what supabase\/schemas says: column public\.campaigns\.audience/)
      expect(stderr).toContain('Run "npm run migration -- <name>" to draft the next one')
      expect(readMigrations(root)).toEqual(before)
    })

    it.each(['Add-Notes', 'add notes', 'add_2', '../notes', ''])(
      '%j is no name for a migration',
      async (name) => {
        await expect(draft(name)).rejects.toThrow(/is no name for a migration: use lowercase words/)
      },
    )

    it('a name that another migration has is refused', async () => {
      await expect(draft('kernel')).rejects.toThrow(`${kernel} has this name already: choose another one.`)
    })

    it('is drafted: the new file as it is, the changes of others, the rows of the product', async () => {
      const { result, commandLines } = await watchCommandLines(() => draft('add_notes'))
      added = await migrationNamed('_add_notes.sql')
      expect(result).toEqual({ paths: [added], left: [] })
      const sql = await read(added)
      expect(sql).toContain(notes)
      expect(sql).toMatch(
        /ALTER TABLE "public"\."campaigns" ADD COLUMN "audience" text NOT NULL DEFAULT 'all'/,
      )
      expect(sql.match(/^CREATE .*/gm)).toEqual([
        'CREATE OR REPLACE FUNCTION private.tg_emit_campaign_events()',
      ])
      expect(sql.match(/^(?:insert into|select private\.register_)[^(]*\(/gm)).toEqual([
        'select private.register_table(',
        'insert into public.plans (',
        'select private.register_table(',
      ])

      const password = new URL(data.url).password
      expect([...commandLines].some((line) => line.includes('pg-delta') && line.includes('--source'))).toBe(
        true,
      )
      expect([...commandLines].filter((line) => line.includes(password))).toEqual([])
    })

    it('a draft that nobody has finished is not released, and no other one is begun', async () => {
      const said = `${added} is a draft: finish it and remove its first two lines, or delete it.`
      await expect(draft('add_more')).rejects.toThrow(said)
      await expect(record('1.1.0')).rejects.toThrow(`${said}\n1.1.0 was not released.`)
    })

    it('the finished draft makes what the schema files say, and loses nothing', async () => {
      finished = (await read(added)).split('\n').slice(2).join('\n')
      await writeFile(pathOf(added), finished)
      expect(await compareWithSchemas(server, root)).toEqual([])
      const proof = await proveUpgrade(server, root)
      expect(proof.problems).toEqual([])
      expect(proof.rowCount).toBeGreaterThan(500)
      expect(proof.unshown).toContain('public.tenant_invitations')
    })

    it('each row and value that a migration loses is told, and each difference', async () => {
      const harm = `
        delete from public.participant_sessions;
        update public.campaigns set assessment_type = 'other';
        alter table public.tenant_projects drop column name cascade;
        create index campaigns_opens_at_idx on public.campaigns (opens_at);
        update public.plans set price_minor = 1 where plan = 'business';`
      await withMigration(
        (sql) => sql + harm,
        async () => {
          const told = (await problems()).join('\n')
          expect(told).toMatch(
            /^public\.participant_sessions lost (\d+) of \1 rows: \[.+ If this is meant, a migration says so in a line "-- changes public\.participant_sessions: <why>"\.$/m,
          )
          expect(told).toMatch(/^public\.campaigns\.assessment_type has another value in \d+ rows: \[/m)
          expect(told).toMatch(/^public\.tenant_projects\.name is gone, and with it its value in 3 rows\./m)
          expect(told).toMatch(/lacks what supabase\/schemas says: column public\.tenant_projects\.name /)
          expect(told).toMatch(
            /has what supabase\/schemas does not say: index CREATE INDEX campaigns_opens_at_idx/,
          )
          expect(told).toMatch(/lacks what supabase\/schemas says: row of public\.plans: .*"business"/)
          await expect(record('1.1.0')).rejects.toThrow(/1\.1\.0 was not released\.$/)
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
        async () => expect(await problems()).toEqual([]),
      )
    })

    it('a migration that only an empty database can take is told', async () => {
      await withMigration(
        (sql) => `${sql}\nalter table public.campaigns add constraint c check (name = 'none');\n`,
        async () =>
          expect(await problems()).toEqual([
            expect.stringMatching(/add_notes\.sql fails on a database of 1\.0\.0 with data in it: .*"c"/),
          ]),
      )
    })

    it('demo tenants whose snapshots no longer fit are told', async () => {
      await withMigration(
        (sql) => sql.slice(0, sql.indexOf('-- changes private.demo_snapshots')),
        async () =>
          expect(await problems()).toEqual([
            expect.stringMatching(/demo tenant demo-coaching .* Have the migration take it anew with/),
          ]),
      )
    })

    it('a data folder of the released version is upgraded, with what is in it, as far as migrations work', async () => {
      await withFile('supabase/migrations/99991231000000_broken.sql', 'select 1 / 0;', async () => {
        await expect(start()).rejects.toThrow(/99991231000000_broken\.sql failed and changed nothing/)
      })
      expect(await start()).toBe(0)
      const { rows } = await connected(data.url, (db) =>
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
          await expect(start()).rejects.toThrow(
            /^The data in .+ was made by another version of supabase\/migrations\. Run "npm run reset", which deletes this data, and start again\.$/,
          )
        },
      )
    })

    it('is released as the next version, and then upgrades from that one', async () => {
      expect(await record('1.1.0')).toBe(1)
      expect(
        readReleases(root).map(({ version, migrations }) => [version, Object.keys(migrations).length]),
      ).toEqual([
        ['1.0.0', readMigrations(root).length - 1],
        ['1.1.0', 1],
      ])
      await expect(record('1.0.5')).rejects.toThrow(
        /^1\.1\.0 is released, so the next version must be greater/,
      )
      expect(await problems()).toEqual([])
    })
  })
})
