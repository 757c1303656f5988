import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectRoot } from '../../stack/cli/options.ts'
import { namesOf } from '../../stack/scaffold/names.ts'
import { planTable } from '../../stack/scaffold/plan.ts'
import { refuseTaken, sqlWords } from '../../stack/scaffold/refusals.ts'
import { writeFiles } from '../../stack/scaffold/write-files.ts'
import { admin } from '../kit/db.ts'
import { makeProject } from './project.ts'

const plan = (domain: string, nouns: string, singular?: string, root = projectRoot) => {
  const names = namesOf(domain, nouns, singular)
  refuseTaken(root, names)
  return planTable(root, names)
}

describe('the names of a table', () => {
  it.each([
    ['meeting_notes', 'meeting_note', 'a meeting note'],
    ['action_items', 'action_item', 'an action item'],
    ['entries', 'entry', 'an entry'],
    ['boxes', 'box', 'a box'],
    ['coaching_sessions', 'coaching_session', 'a coaching session'],
    ['courses', 'course', 'a course'],
    ['units', 'unit', 'a unit'],
  ])('of %s: one is %s', (nouns, noun, words) => {
    const names = namesOf('coaching', nouns)
    expect([names.noun, `${names.a} ${names.word}`]).toEqual([noun, words])
  })

  it('are what --singular says where a plural is irregular', () => {
    expect(namesOf('coaching', 'criteria', 'criterion')).toMatchObject({
      noun: 'criterion',
      Noun: 'Criterion',
    })
  })

  it('fit into what Postgres takes, the longest as well', () => {
    const nouns = `${'n'.repeat(31)}s`
    const [table] = plan('coaching', nouns)
    for (const [, name] of table!.content.matchAll(
      /(?:create policy|constraint|trigger|index|function) "?(.+?)"? /g,
    ))
      expect(name!.replace(/^(public|private)\./, '').length, name).toBeLessThanOrEqual(63)
  })
})

describe('what is refused', () => {
  it.each([
    ['Coaching', 'notes', /^"Coaching" cannot be a domain: that is one lowercase word/],
    ['coaching-plans', 'notes', /cannot be a domain/],
    ['coaching_plans', 'notes', /cannot be a domain/],
    ['../coaching', 'notes', /cannot be a domain/],
    ['', 'notes', /cannot be a domain/],
    ['n'.repeat(33), 'notes', /cannot be a domain/],
    ['coaching', 'Notes', /^"Notes" cannot be a table: its name is a plural in snake_case/],
    ['coaching', 'meeting-notes', /cannot be a table/],
    ['coaching', 'meetingNotes', /cannot be a table/],
    ['coaching', '_notes', /cannot be a table/],
    ['coaching', 'notes_', /cannot be a table/],
    ['coaching', 'notes2', /cannot be a table/],
    ['coaching', "notes'; drop", /cannot be a table/],
    ['coaching', '', /cannot be a table/],
    ['coaching', `${'n'.repeat(32)}s`, /at most 32 letters/],
    ['coaching', 'note', /does not look like a plural: say with --singular/],
    ['coaching', 'addresss', /does not look like a plural/],
    ['coaching', 'status', /does not look like a plural/],
    ['kernel', 'notes', /"kernel" is the name of a part that is no domain/],
    ['audit', 'notes', /is the name of a part that is no domain/],
    ['http', 'notes', /is the name of a part that is no domain/],
    ['isolation', 'notes', /is the name of a part that is no domain/],
    ['table', 'notes', /^"table" is reserved in SQL/],
    ['coaching', 'orders', /^"order" is reserved in SQL/],
    ['coaching', 'references', /^"references" is reserved in SQL/],
    ['coaching', 'users', /^"user" is reserved in SQL/],
    ['coaching', 'maps', /^"Map" is reserved in JavaScript/],
    ['coaching', 'exports', /^"export" is reserved in JavaScript/],
    ['coaching', 'pages', /^"page" is in use in every file that would be written/],
    ['coaching', 'params', /^"params" is in use in every file/],
    [
      'coaching',
      'campaigns',
      /"campaigns" is taken: supabase\/schemas\/60_assessments\/01_campaigns.sql creates it/,
    ],
    ['assessments', 'campaigns', /supabase\/schemas\/60_assessments\/01_campaigns.sql exists already/],
    ['coaching', 'tenants', /"tenant" is in use/],
    ['coaching', 'registered_tables', /is taken: supabase\/schemas\/00_kernel\/09_tables.sql creates it/],
    ['coaching', 'brands', /^Events of "brand" are registered in supabase\/schemas\/40_branding\//],
    ['coaching', 'invitations', /is taken|docs\/openapi.json has a schema Invitation/],
    ['coaching', 'projects', /^docs\/openapi.json has a schema Project: choose another name/],
    ['webhooks', 'attempts', /80_webhooks\/03_attempts.sql exists already/],
  ])('%s %s', (domain, nouns, message) => {
    expect(() => plan(domain, nouns)).toThrow(message)
  })

  it.each([
    ['notes', 'notes', /^"notes" cannot be one of the notes/],
    ['notes', 'Note', /cannot be one of the notes/],
    ['notes', 'n'.repeat(33), /cannot be one of the notes/],
    ['classes', 'class', /^"class" is reserved in JavaScript/],
  ])('%s with --singular %s', (nouns, singular, message) => {
    expect(() => plan('coaching', nouns, singular)).toThrow(message)
  })

  it('every word that Postgres reserves', async () => {
    const { rows } = await admin.query<{ word: string }>(
      `select word from pg_get_keywords() where catcode in ('R', 'T') order by 1`,
    )
    expect([...sqlWords].sort()).toEqual(rows.map(({ word }) => word).sort())
  })

  it('a file that is there already, whatever is in it', async () => {
    const root = await makeProject({
      'test/coaching/notes/routes.rules.ts': '',
      'supabase/schemas/10_coaching/01_x.sql': '',
    })
    expect(() => plan('coaching', 'notes', undefined, root)).toThrow(
      'test/coaching/notes/routes.rules.ts exists already.',
    )
  })

  it('a function without a place to mount a route', async () => {
    const root = await makeProject({ 'functions/coaching/index.ts': 'Deno.serve(() => new Response())' })
    expect(() => plan('coaching', 'notes', undefined, root)).toThrow(
      'functions/coaching/index.ts has no Deno.serve() on a line of its own to mount a route before.',
    )
  })

  it('a domain for which there is no number left', async () => {
    const root = await makeProject({ 'supabase/schemas/99_last/01_x.sql': '' })
    expect(() => plan('coaching', 'notes', undefined, root)).toThrow(/go to 99: renumber/)
  })
})

describe('what is written', () => {
  it('is numbered after what there is', async () => {
    const root = await makeProject({ 'supabase/schemas/95_last/07_x.sql': '' })
    expect(plan('coaching', 'notes', undefined, root)[0]!.path).toBe(
      'supabase/schemas/96_coaching/01_notes.sql',
    )
    expect(plan('last', 'notes', undefined, root)[0]!.path).toBe('supabase/schemas/95_last/08_notes.sql')
  })

  it('is nothing if any of it cannot be written', async () => {
    const root = await makeProject({ 'lib/coaching/index.ts': 'before\n', 'docs/coaching.md': 'before\n' })
    const before = contents(root)
    const files = [
      { path: 'lib/coaching/index.ts', content: 'after\n', isNew: false },
      { path: 'functions/coaching/notes/deep.ts', content: 'export {}\n', isNew: true },
      { path: 'docs/coaching.md', content: 'after\n', isNew: true },
    ]
    await expect(writeFiles(root, files)).rejects.toMatchObject({ code: 'EEXIST' })
    expect(contents(root)).toEqual(before)
  })

  it('is nothing if it is no code', async () => {
    const root = await makeProject({ 'lib/coaching/index.ts': 'export {}\n' })
    const before = contents(root)
    const files = [
      { path: 'lib/coaching/index.ts', content: 'export {}\nconst = 1\n', isNew: false },
      { path: 'lib/coaching/notes.ts', content: 'export {}\n', isNew: true },
    ]
    await expect(writeFiles(root, files)).rejects.toThrow()
    expect(contents(root)).toEqual(before)
  })
})

/** Every file and folder of a project, node_modules aside. */
function contents(root: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!path.includes('node_modules')) found[path] = entry.isFile() ? readFileSync(path, 'utf8') : 'a folder'
  }
  return found
}
