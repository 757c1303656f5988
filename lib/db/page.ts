import { Buffer } from 'node:buffer'
import { z } from 'zod'
import type { Db } from './pool.ts'
import { alongIndex, named, type Sql } from './sql.ts'

const defaultLimit = 50
const maxLimit = 100
const maxCursorLength = 500

/** The name of a list, and the columns that its rows are sorted by, the most significant first. */
export interface Keyset<Columns extends z.ZodRawShape = z.ZodRawShape> {
  list: string
  columns: z.ZodObject<Columns>
}

/** One page of a list. */
export interface Page<Row> {
  rows: Row[]
  next_cursor: string | null
}

/**
 * Says how a list is paged. A page goes on behind the values that its last row has in these columns, so
 * together they must be unique, and an index must hold them in this order.
 *
 *     const projectOrder = keyset('projects', { ref_id: refId })
 */
export function keyset<Columns extends z.ZodRawShape>(list: string, columns: Columns): Keyset<Columns> {
  return { list, columns: z.object(columns) }
}

/** The query parameters of every list. Spread into the schema that has the list's own filters. */
export function pageParameters<Columns extends z.ZodRawShape>(order: Keyset<Columns>) {
  return {
    limit: z.coerce
      .number()
      .int()
      .min(1)
      .max(maxLimit)
      .default(defaultLimit)
      .meta({ description: 'How many entries a page has at most.' }),
    cursor: z
      .string()
      .max(maxCursorLength, 'must be a next_cursor that this list answered')
      .transform((cursor, context) => {
        const position = positionOf(order, cursor)
        if (position) return position
        context.addIssue('must be a next_cursor that this list answered')
        return z.NEVER
      })
      .optional()
      .meta({ description: 'The next_cursor of the page before. Leave it out for the first page.' }),
  }
}

/** Where a list goes on. Part of every list's answer. */
export const nextCursor = z
  .string()
  .nullable()
  .meta({ description: 'The cursor of the next page; null on the last one.' })

/** Cuts a page out of rows. One row more than the page holds was read, which shows whether there is a next page. */
export function pageOf<Row extends object>(order: Keyset, rows: Row[], limit: number): Page<Row> {
  const last = rows[limit - 1]
  const next_cursor = last && rows.length > limit ? cursorAt(order, last) : null
  return { rows: rows.slice(0, limit), next_cursor }
}

/** What a list was asked for: how many entries, behind which one, and the list's own filters. */
interface PageQuery {
  limit: number
  cursor?: object | undefined
  [filter: string]: unknown
}

/**
 * Reads one page along the index that its rows are sorted by. The statement sorts by the keyset, starts behind the
 * cursor, and takes as many rows as it is told. Its text is the same for every query, unless `isLeftOut` says that it leaves out
 * each filter that is not asked for.
 */
export async function readPage<Row extends object>(
  db: Db,
  order: Keyset,
  { limit, ...rest }: PageQuery,
  statement: (rowCount: number) => Sql,
  { isLeftOut = false } = {},
): Promise<Page<Row>> {
  const page = alongIndex(statement(limit + 1))
  // Only the first page without filters keeps its plan. A plan for every cursor or filter could not search by them, unless its
  // text has only those that are there.
  const isPlain = isLeftOut || Object.values(rest).every((value) => value === undefined)
  const rows = await db.query<Row>(isPlain ? named(planName(order, page), page) : page)
  return pageOf(order, rows, limit)
}

const planNames = new Map<string, string>()

/** One name for one text. A list may leave parts of its statement out, and a connection refuses two texts of one name. */
function planName({ list }: Keyset, { text }: Sql): string {
  const name = planNames.get(text) ?? `list_${list}_${planNames.size}`
  planNames.set(text, name)
  return name
}

/** The cursor that goes on behind a row. What it holds may change: to callers it is opaque. */
function cursorAt(order: Keyset, row: object): string {
  const values = Object.values(order.columns.parse(row))
  return Buffer.from(JSON.stringify([order.list, ...values])).toString('base64url')
}

function positionOf<Columns extends z.ZodRawShape>(order: Keyset<Columns>, cursor: string) {
  const bytes = Buffer.from(cursor, 'base64url')
  // Decoding skips what is not base64url. A cursor has one spelling.
  if (bytes.toString('base64url') !== cursor) return undefined
  const [list, ...values] = parseList(bytes.toString('utf8'))
  const names = Object.keys(order.columns.shape)
  if (list !== order.list || values.length !== names.length) return undefined
  return order.columns.safeParse(Object.fromEntries(names.map((name, index) => [name, values[index]]))).data
}

function parseList(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}
