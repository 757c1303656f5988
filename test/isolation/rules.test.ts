import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { loadRules, mergeOnce, type RuleKind } from '../kit/rules/load.ts'
import { checkCatalog } from './matrix/catalog.ts'
import { declared, mergeRules, type Rules } from './matrix/declared.ts'
import type { IsolationRules } from './matrix/rules.ts'

// What is declared in many files counts as one table. These are the ways to declare too little, too much, or twice.

const db = new Client({ connectionString: inject('stack').admin_db_url })
beforeAll(() => db.connect())
afterAll(() => db.end())

const campaigns = declared.relations.campaigns!
const leaveTenant = declared.functions.leave_tenant!
const without = <Rule>(rules: Record<string, Rule>, name: string) =>
  Object.fromEntries(Object.entries(rules).filter(([other]) => other !== name))

describe('the catalog and the rules name the same things', () => {
  it('as they stand', async () => {
    expect(await checkCatalog(db, declared)).toEqual([])
  })

  const broken: [string, Rules, string][] = [
    [
      'a table that nobody classified',
      { ...declared, relations: without(declared.relations, 'campaigns') },
      'relation campaigns is not classified in any isolation.rules.ts or <noun>.rules.ts under test/',
    ],
    [
      'a view that nobody classified',
      { ...declared, relations: without(declared.relations, 'tenant_profiles') },
      'relation tenant_profiles is not classified in any isolation.rules.ts or <noun>.rules.ts under test/',
    ],
    [
      'a function that nobody classified',
      { ...declared, functions: without(declared.functions, 'leave_tenant') },
      'function leave_tenant is not classified in any isolation.rules.ts or <noun>.rules.ts under test/',
    ],
    [
      'a rule for a table there is not',
      { ...declared, relations: { ...declared.relations, nothing: campaigns } },
      'relation nothing is classified and does not exist',
    ],
    [
      'a rule for a function there is not',
      { ...declared, functions: { ...declared.functions, do_nothing: leaveTenant } },
      'function do_nothing is classified and does not exist',
    ],
    [
      'a rule for a private function there is not',
      { ...declared, privateFunctions: { ...declared.privateFunctions, do_nothing: 'pure' } },
      'private function do_nothing is classified and does not exist',
    ],
    [
      'a grant that no rule names',
      {
        ...declared,
        relations: {
          ...declared.relations,
          campaigns: { ...campaigns, update: { ...campaigns.update!, columns: 'name' } },
        },
      },
      'grants: campaigns.closes_at update authenticated is held and not in the rules',
    ],
  ]
  it.each(broken)('%s is an error', async (_what, rules, message) => {
    expect(await checkCatalog(db, rules)).toContain(message)
  })
})

describe('two rules for one thing', () => {
  const twice = (rules: IsolationRules) => () =>
    mergeRules([
      { file: 'one/isolation.rules.ts', rules },
      { file: 'other/notes.rules.ts', rules },
    ])

  it.each([
    ['table', { relations: { campaigns } }],
    ['function', { functions: { leave_tenant: leaveTenant } }],
    ['private call', { privateCalls: { leave_tenant: leaveTenant } }],
    ['private function', { privateFunctions: { ulid: 'pure' } }],
    ['row', { rows: { 'public.campaigns': () => '' } }],
  ] as [string, IsolationRules][])('are refused: %s', (_what, rules) => {
    expect(twice(rules)).toThrow(
      /has two rules: in test\/one\/isolation\.rules\.ts and in test\/other\/notes\.rules\.ts$/,
    )
  })

  it('are refused for a route as well', () => {
    const files = ['a', 'b'].map((name) => ({ file: `${name}/routes.rules.ts`, rules: { 'GET /x': {} } }))
    expect(() => mergeOnce('route', files)).toThrow('route GET /x has two rules')
  })
})

describe('a file of rules', () => {
  it('is found by its name, wherever it stands, and says by it what it is about', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tenantry-rules-'))
    for (const name of [
      'notes.rules',
      'isolation.rules',
      'routes.rules',
      'lists.rules',
      'catalog.rules',
      'notes.test',
      'rules',
    ])
      writeFileSync(join(folder, `${name}.ts`), `export default '${name}'`)
    const root = pathToFileURL(`${folder}/`)
    const found = async (kind: RuleKind) =>
      (await loadRules<string>(kind, root)).map(({ file, rules }) => [file, rules])
    expect(await found('isolation')).toEqual([
      ['isolation.rules.ts', 'isolation.rules'],
      ['notes.rules.ts', 'notes.rules'],
    ])
    expect(await found('routes')).toEqual([['routes.rules.ts', 'routes.rules']])
    expect(await found('lists')).toEqual([['lists.rules.ts', 'lists.rules']])
    expect(await found('catalog')).toEqual([['catalog.rules.ts', 'catalog.rules']])
  })
})
