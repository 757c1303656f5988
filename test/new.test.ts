import { rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { readSchemas } from '../stack/database/schemas.ts'
import { functionNames } from './http/apps.ts'
import { applyMigrations, makeDatabase } from './kit/own-database.ts'
import { copyProject, type ProjectCopy } from './kit/project-copy.ts'

// "npm run new" adds a table in a domain of its own, in a copy of this project. The proofs that hold for every table,
// route and list are run over it there. Nothing that belongs to another domain may have to change for that.

// Each runs stacks of its own, and compilers.
vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 600_000 })

const schema = 'supabase/schemas/95_coaching/01_action_items.sql'
const migration = 'supabase/migrations/20261121013500_coaching.sql'
const written = [
  'docs/coaching.md',
  'functions/coaching/action-items.ts',
  'functions/coaching/index.ts',
  'lib/coaching/action-items/queries.ts',
  'lib/coaching/action-items/schema.ts',
  'lib/coaching/index.ts',
  'lib/coaching/problems.ts',
  'seeds/coaching.sql',
  schema,
  'test/coaching/action-items/action-items.test.ts',
  'test/coaching/action-items/events.test.ts',
  'test/coaching/action-items/isolation.rules.ts',
  'test/coaching/action-items/lists.rules.ts',
  'test/coaching/action-items/routes.rules.ts',
]
/** What npm run generate makes. */
const generated = /^(supabase\/migrations\/|docs\/(openapi\.json|citus\.sql)$|lib\/client\/schema\.ts$)/

const proofs = [
  'coaching/action-items/action-items',
  'coaching/action-items/events',
  'audit/recording/coverage',
  'catalog',
  'http/bodies',
  'http/contract',
  'http/openapi',
  'http/openapi-merged',
  'isolation/matrix',
  'isolation/rules',
  'lists',
  'registered-tables',
  'routes',
  'schemas',
  'webhooks/events/catalogue',
].map((name) => `test/${name}.test.ts`)

/** What is about the routes and tables of other domains, and what npm run check does too, is left out. */
const aboutOthers = `/(${functionNames.join('|')})/|: each caller |differ when|openapi.json (is what|has every)|merging `
const pattern = `^(?!.*(${aboutOthers}))|action_items: each caller|/coaching/`

interface Report {
  testResults: {
    name: string
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[]
  }[]
}

/** What passed in each file, and what failed in all of them. Without a pooler, of which a new table knows nothing. */
async function prove(copy: ProjectCopy, files: string[]) {
  const report = `${dirname(copy.root)}/report.json`
  const { output } = await copy.run(
    ...([
      'env',
      'TENANTRY_TEST_POOLER=none',
      'VITEST_MAX_WORKERS=2',
      'node_modules/.bin/vitest',
      'run',
      ...files,
      // A worker reads the routes of all domains once, and not for each file.
      '--no-isolate',
    ] as const),
    ...['--testNamePattern', pattern, '--testTimeout=300000', '--reporter=json', `--outputFile=${report}`],
  )
  const { testResults } = JSON.parse(await copy.read('../report.json').catch(() => '{}')) as Partial<Report>
  if (!testResults) throw new Error(output)
  const results = testResults.map(({ name, assertionResults }) => ({
    file: name.slice(copy.root.length + 1),
    passed: assertionResults.filter(({ status }) => status === 'passed').map(({ fullName }) => fullName),
    failed: assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
  }))
  return {
    files: results.filter(({ passed }) => passed.length > 0).map(({ file }) => file),
    passed: results.flatMap(({ passed }) => passed),
    failed: results.flatMap(({ file, failed }) => failed.map((name) => `${file}: ${name}`)),
  }
}

const typesOfMine = 'tsconfig.mine.json'
/** What all domains add to, what is made of all of them, and what is there without an import. */
const besideMine = [
  'lib/*/problems.ts',
  'lib/client/*.ts',
  'test/kit/global-stack.ts',
  'bench/bare/deno.d.ts',
]

/** What npm run check does, without the formatting, the types and the functions of other domains, in which nothing changed. */
async function check(copy: ProjectCopy) {
  const mine = written.filter((path) => /\.(ts|json)$/.test(path))
  await writeFile(
    join(copy.root, typesOfMine),
    JSON.stringify({ extends: './tsconfig.json', include: [...mine, ...besideMine] }),
  )
  const results = []
  for (const command of [
    ['biome', 'check', ...mine],
    ['tsc', '--noEmit', '--project', typesOfMine],
    [
      ...['deno', 'check', '--import-map', 'functions/deno.json', '--node-modules-dir=manual'],
      'functions/coaching/index.ts',
    ],
    ['knip'],
  ])
    results.push(await copy.run(`node_modules/.bin/${command[0]}`, ...command.slice(1)))
  return [...results, await copy.run('npm', 'run', '--silent', 'generate', '--', '--check')]
}

describe('npm run new -- table coaching action_items', () => {
  let copy: ProjectCopy
  let said: string
  beforeAll(async () => {
    copy = await copyProject()
    said = (await copy.run('npm', 'run', '--silent', 'new', '--', 'table', 'coaching', 'action_items')).output
  })
  afterAll(() => copy.remove())

  it('writes the files of the domain, and what tells Supabase of its function', async () => {
    expect(await copy.changed()).toEqual([...written, 'supabase/config.toml'].sort())
  })

  it('says what it wrote, and what comes next', () => {
    for (const path of written) expect(said).toContain(`wrote  ${path}\n`)
    expect(said).toContain('extended  supabase/config.toml\n')
    expect(said).toMatch(/\nNext: .*\n.*"npm run generate", "npm run check" and "npm test"/)
  })

  it('refuses what is there now, and changes nothing', async () => {
    const before = await copy.changed()
    for (const [args, refusal] of [
      [
        ['table', 'coaching', 'action_items'],
        'supabase/schemas/95_coaching/01_action_items.sql exists already.',
      ],
      [['view', 'coaching', 'notes'], 'Usage: npm run new'],
    ] as const) {
      const { code, output } = await copy.run('npm', 'run', '--silent', 'new', '--', ...args)
      expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining(refusal) })
    }
    expect(await copy.changed()).toEqual(before)
  })

  describe('and npm run generate', () => {
    beforeAll(async () => {
      const { code, output } = await copy.run('npm', 'run', '--silent', 'generate')
      expect(code, output).toBe(0)
    })

    it('change nothing that belongs to another domain', async () => {
      const changed = await copy.changed()
      expect(changed).toContain(migration)
      expect(changed.filter((path) => !generated.test(path))).toEqual(
        [...written, 'supabase/config.toml'].sort(),
      )
    })

    it('pass npm run check and every proof', async () => {
      const [checks, proof] = await Promise.all([check(copy), prove(copy, proofs)])
      for (const { code, output } of checks) expect(code, output).toBe(0)
      expect(proof.failed).toEqual([])
      expect(proof.files.sort()).toEqual([...proofs].sort())
      for (const name of [
        'action_items: each caller sees, writes and deletes exactly what is theirs',
        'each caller gets what the route promises them DELETE /coaching/action-items/:action_item',
        'GET /coaching/action-items comes in that order, page by page, no row twice and none left out',
        'a database made by the migrations and one made by the schema files are the same',
      ])
        expect(proof.passed).toContainEqual(expect.stringContaining(name))
    })

    it('are caught with a policy dropped, a route without expectation and a list without rules', async () => {
      for (const path of [schema, migration])
        await copy.edit(path, (sql) =>
          sql.replace(/create policy "members read their tenant's action items"[^;]+;/, ''),
        )
      await copy.edit('test/coaching/action-items/routes.rules.ts', (text) =>
        text.replace(/^ +'DELETE .*\n/m, ''),
      )
      await rm(`${copy.root}/test/coaching/action-items/lists.rules.ts`)
      const files = ['isolation/matrix', 'routes', 'lists'].map((name) => `test/${name}.test.ts`)
      expect((await prove(copy, files)).failed).toEqual(
        expect.arrayContaining([
          expect.stringMatching(
            /matrix.*action_items: each caller sees, writes and deletes exactly what is theirs$/,
          ),
          expect.stringMatching(/routes.*the table is whole names every route of theirs, and no other$/),
          expect.stringMatching(/lists.*every route that answers rows is in the table$/),
        ]),
      )
    })

    it('are caught with a text column that nobody has classified', async () => {
      await copy.edit(schema, (sql) => sql.replace('  name text not null,\n', '$&  remark text,\n'))
      const own = await makeDatabase(inject('stack'))
      try {
        const files = readSchemas(copy.root).map(({ sql }) => sql)
        await expect(applyMigrations(own.url, files)).rejects.toThrow(
          /say for public\.action_items whether .*: remark\.$/,
        )
      } finally {
        await own.drop()
      }
    })
  })
})
