import { type Db, sql } from '../../db/index.ts'
import { problemOf } from './check.ts'
import { askGraph } from './graph.ts'
import type { CheckedNumbers } from './schema.ts'

/** Ten run at a time, of ten seconds at most: a batch is done within 100 seconds. */
const batchSize = 100
const atOnce = 10

interface DueNumber {
  tenant_id: string
  bot_id: string
  revision: string
  phone_number_id: string
  access_token: string
}

/**
 * Asks Meta about the numbers that are due, and pauses each bot whose token does not count any more. Without an answer nothing
 * changes but last_problem. For the service.
 */
export async function checkDueNumbers(db: Db): Promise<CheckedNumbers> {
  const due = await db.query<DueNumber>(sql`select * from private.claim_due_numbers(${batchSize})`)
  const sum: CheckedNumbers = { checked: due.length, well: 0, paused: 0, unknown: 0 }
  const next = due.values()
  const work = async () => {
    for (const number of next) await checkOne(db, number, sum)
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return sum
}

async function checkOne(db: Db, number: DueNumber, sum: CheckedNumbers): Promise<void> {
  const { tenant_id, bot_id, revision, phone_number_id, access_token: token } = number
  const answer = await askGraph(phone_number_id, { token, query: { fields: 'id' } })
  const found = answer.isGood ? null : problemOf(answer, 'number_not_found')
  // An expired token is one that does not count.
  const problem = found === 'token_expired' ? 'token_invalid' : found
  const { is_paused } = await db.one<{ is_paused: boolean }>(sql`
    select private.record_number_health(${tenant_id}, ${bot_id}, ${revision}::uuid, ${problem}) as is_paused`)
  if (problem === null) sum.well++
  if (problem === 'unreachable') sum.unknown++
  if (is_paused) sum.paused++
}
