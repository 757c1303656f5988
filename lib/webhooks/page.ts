import { type Db, type Sql, sql } from '../db/index.ts'

/**
 * Reads a page along the index that it is sorted by. The tenant's id and row level security filter by the same thing,
 * and the planner multiplies the two. So it expects a handful of rows, and would fetch and sort all of them.
 */
export function readPage<Row>(db: Db, page: Sql): Promise<Row[]> {
  return db.transaction(async (tx) => {
    const [, rows] = await Promise.all([
      tx.query(sql`select set_config('enable_sort', 'off', true)`),
      tx.query<Row>(page),
    ])
    return rows
  })
}
