import { expect } from 'vitest'

/** A line of an export: its header, a row, or its trailer. */
export interface Line {
  header?: {
    format: string
    version: number
    tenant: { ref_id: string; slug: string }
    taken_at: string
    tables: { table: string; rows: number; redacted: string[] }[]
  }
  table?: string
  row?: Record<string, unknown>
  trailer?: { rows: number; tables: Record<string, number> }
}

/** The lines of an export, or of a part that ends with a whole line. */
export const linesOf = (text: string): Line[] => {
  expect(text.endsWith('\n')).toBe(true)
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}
