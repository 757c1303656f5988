import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { declareConstraints, declareProblems, Problem, toProblem } from '../../lib/db/index.ts'
import { codes, constraints, declaring, statusOf } from './declared-problems.ts'

const filesIn = (folder: string, ending: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => readFileSync(join(folder, path), 'utf8'))

const documented = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `(\w+)` +\| (\d{3}) +\|/gm)].map(
  ([, code, status]) => `${code} ${status}`,
)
const declared = codes.map((code) => `${code} ${statusOf(code)}`)
const schemas = filesIn('supabase/schemas', '.sql')
const source = [...filesIn('lib', '.ts'), ...filesIn('functions', '.ts')].filter(
  (text) => !text.includes('declareProblems({'),
)

/** What this SQL raises: the codes with their statuses. */
const raisedIn = (sql: string[]) =>
  sql.flatMap((text) =>
    [...text.matchAll(/raise_problem\(\s*(\d{3}),\s*'(\w+)'/g)].map(
      ([, status, code]) => `${code} ${status}`,
    ),
  )

/** What this SQL raises and no domain declares with that status. */
const undeclaredIn = (sql: string[]) => raisedIn(sql).filter((raised) => !declared.includes(raised))

/** The declared codes that neither this SQL nor this TypeScript raises. */
const unusedIn = (sql: string[], typescript: string[]) => {
  const raised = raisedIn(sql).map((each) => each.split(' ')[0])
  return codes.filter(
    (code) => !raised.includes(code) && !typescript.some((text) => text.includes(`'${code}'`)),
  )
}

describe('the list of codes', () => {
  it('is the same in docs/errors.md and in the code, each with its status', () => {
    expect(documented).toEqual([...new Set(documented)])
    expect(documented.toSorted()).toEqual(declared.toSorted())
  })

  it('holds every code that SQL raises, with the status it is raised with', () => {
    expect(raisedIn(schemas).length).toBeGreaterThan(50)
    expect(undeclaredIn(schemas)).toEqual([])
  })

  it.each([
    ['another code', `perform private.raise_problem(409, 'note_locked', 'No.');`, 'note_locked 409'],
    ['another status', `perform private.raise_problem(\n  422, 'slug_taken', 'No.');`, 'slug_taken 422'],
  ])('would show %s of SQL', (_, statement, expected) => {
    expect(undeclaredIn([...schemas, statement])).toEqual([expected])
  })

  it('holds no code that nothing raises', () => {
    expect(unusedIn(schemas, source)).toEqual([])
  })

  it.each(['slug_taken', 'limit_reached', 'project_slug_taken'])(
    'would show that nothing raises %s',
    (code) => {
      const without = (texts: string[]) => texts.map((text) => text.replaceAll(`'${code}'`, `'another'`))
      expect(unusedIn(without(schemas), without(source))).toEqual([code])
    },
  )

  it('leaves no way in SQL to refuse past it', () => {
    const past = /errcode = 'PT\d{3}'|raise_problem\((?!\s*\d{3},\s*'\w+')/g
    const calls = schemas.map((text) => text.replaceAll(/--.*|function private\.raise_problem\(/g, ''))
    expect(calls.flatMap((text) => text.match(past) ?? [])).toEqual([])
    expect('perform private.raise_problem(status, code)').toMatch(past)
  })
})

describe('a domain', () => {
  it.each(declaring)('%s declares its problems whenever it is loaded', (name) => {
    expect(readFileSync(`lib/${name}/index.ts`, 'utf8')).toContain(`import './problems.ts'`)
  })

  it('translates constraints and indexes that exist', () => {
    const sql = schemas.join('\n')
    expect(constraints.length).toBeGreaterThan(10)
    expect(constraints.filter((name) => !new RegExp(`(constraint|index) ${name}\\b`).test(sql))).toEqual([])
  })

  it('declares no code and no constraint of another one', () => {
    expect(() => declareProblems({ slug_taken: { status: 409, title: 'Again' } })).toThrow('slug_taken')
    expect(() => declareProblems({ not_found: { status: 404, title: 'Again' } })).toThrow('not_found')
    const field = { pointer: '/name', detail: 'again' }
    expect(() => declareConstraints({ api_keys_name_idx: field })).toThrow('api_keys_name_idx')
  })
})

describe('a code that nothing loaded declares', () => {
  const raised = (state: string, message: string) =>
    toProblem(Object.assign(new Error(message), { code: state, detail: 'The note is locked.' }))

  it.each([403, 409, 422])('keeps the status %i that SQL raised it with', (status) => {
    const problem = raised(`PT${status}`, 'note_locked')
    expect(problem).toBeInstanceOf(Problem)
    expect(problem).toMatchObject({
      code: 'note_locked',
      status,
      detail: 'The note is locked.',
      isDeclared: false,
    })
  })

  it.each([429, 503])('with %i says after how many seconds to try again', (status) => {
    const headers = { 'retry-after': expect.stringMatching(/^[1-9]\d*$/) }
    expect(raised(`PT${status}`, 'note_locked')).toMatchObject({ status, headers })
  })

  it.each([
    ['PT409', 'A sentence is no code'],
    ['PT200', 'note_locked'],
    ['P0001', 'note_locked'],
  ])('is none if SQL raises %s with "%s"', (state, message) => {
    expect(raised(state, message)).not.toBeInstanceOf(Problem)
  })

  it('is an error when TypeScript throws it', () => {
    expect(() => new Problem('note_locked' as never, 'The note is locked.')).toThrow('note_locked')
  })
})
