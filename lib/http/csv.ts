import type { Context } from 'hono'
import { accepts } from 'hono/accepts'

/**
 * In which form a list is answered: as the query says, or else as the header Accept prefers. Whoever accepts neither gets
 * JSON, as RFC 9110 permits: every refusal is JSON as well.
 */
export function formatOf(c: Context, asked: 'json' | 'csv' | undefined): 'json' | 'csv' {
  c.header('vary', 'Accept', { append: true })
  if (asked) return asked
  const preferred = accepts(c, {
    header: 'Accept',
    supports: ['application/json', 'text/csv'],
    default: 'application/json',
  })
  return preferred === 'text/csv' ? 'csv' : 'json'
}

/** A CSV file that is streamed. */
export function csvFile(c: Context, name: string, file: ReadableStream<Uint8Array<ArrayBuffer>>): Response {
  return c.body(file, 200, {
    'content-type': 'text/csv; charset=utf-8; header=present',
    'content-disposition': `attachment; filename="${name}.csv"`,
    'cache-control': 'no-store',
  })
}
