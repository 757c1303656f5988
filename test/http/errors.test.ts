import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { problemCodes } from '../../lib/db/index.ts'

const filesIn = (folder: string, ending: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => readFileSync(join(folder, path), 'utf8'))

const documented = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `(\w+)` +\| (\d{3}) +\|/gm)].map(
  ([, code, status]) => `${code} ${status}`,
)
const known = Object.entries(problemCodes).map(([code, { status }]) => `${code} ${status}`)

const raisedBySql = filesIn('supabase/migrations', '.sql').flatMap((text) =>
  [...text.matchAll(/raise_problem\(\s*(\d{3}),\s*'(\w+)'/g)].map(([, status, code]) => `${code} ${status}`),
)
const source = [...filesIn('lib', '.ts'), ...filesIn('functions', '.ts')].filter(
  (text) => !text.includes('export const problemCodes'),
)

describe('the list of codes', () => {
  it('is the same in docs/errors.md and in the code, each with its status', () => {
    expect(documented).toEqual([...new Set(documented)])
    expect(documented.toSorted()).toEqual(known.toSorted())
  })

  it('holds every code that SQL raises, with the status it is raised with', () => {
    expect(raisedBySql.length).toBeGreaterThan(10)
    expect(raisedBySql.filter((raised) => !known.includes(raised))).toEqual([])
  })

  it('holds no code that nothing raises', () => {
    const unused = Object.keys(problemCodes).filter(
      (code) =>
        !raisedBySql.some((raised) => raised.startsWith(`${code} `)) &&
        !source.some((text) => text.includes(`'${code}'`)),
    )
    expect(unused).toEqual([])
  })

  it('leaves no way in SQL to refuse past it', () => {
    const bare = filesIn('supabase/migrations', '.sql').flatMap(
      (text) => text.match(/errcode = 'PT\d{3}'/g) ?? [],
    )
    expect(bare).toEqual([])
  })
})
