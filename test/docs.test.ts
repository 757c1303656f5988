import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { admin } from './kit/db.ts'

// docs/requirements.md says where each requirement lives. Every place in its middle column is looked up
// in the catalog, and every test in its last column must exist.
interface Row {
  document: string
  here: string
  shownBy: string
}
const rows: Row[] = readFileSync('docs/requirements.md', 'utf8')
  .split('\n')
  .filter((line) => /^\| (?!document|-)/.test(line))
  .map((line) => {
    const [document, here, shownBy] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
    return { document: document!, here: here!, shownBy: shownBy! }
  })

const places = rows.flatMap((row) => [...row.here.matchAll(/`([a-z_.]+(?:\(\))?)`/g)].map((m) => m[1]!))

async function exists(place: string): Promise<boolean> {
  const { rows } = await admin.query<{ found: boolean }>(
    `select
       exists (select from pg_class where relnamespace = 'public'::regnamespace and relname = $1)
       or exists (select from pg_type where typnamespace = 'public'::regnamespace and typname = $1)
       or exists (select from pg_proc where pronamespace::regnamespace::text || '.' || proname || '()' in ($1, 'public.' || $1))
       or exists (select from information_schema.columns where table_name || '.' || column_name = $1) as found`,
    [place],
  )
  return rows[0]!.found
}

describe('docs/requirements.md', () => {
  it('has rows for all five documents', () => {
    const headings = readFileSync('docs/requirements.md', 'utf8').match(/^## \d{3}/gm)
    expect(headings?.sort()).toEqual(['## 000', '## 001', '## 002', '## 003', '## 004'])
    expect(rows.length).toBeGreaterThan(50)
  })

  it('names no place that does not exist', async () => {
    const ignored = new Set(['platform', 'ref_id'])
    const missing: string[] = []
    for (const place of new Set(places))
      if (!ignored.has(place) && !(await exists(place))) missing.push(place)
    expect(missing).toEqual([])
  })

  it('names no test that does not exist, and a test for everything that is there', () => {
    for (const { document, here, shownBy } of rows) {
      if (here.startsWith('not yet')) continue
      expect(existsSync(shownBy), `${document}: ${shownBy}`).toBe(true)
    }
  })
})
