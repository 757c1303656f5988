import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { admin, callerDb, closeConnections, type Db, Problem, type Sql, sql } from '../../lib/db/index.ts'
import '../http/declared-problems.ts'
import { makePerson } from '../kit/people.ts'

process.env.SUPABASE_DB_URL = inject('stack').db_url
afterAll(closeConnections)

let caller: Db
beforeAll(async () => {
  caller = callerDb({ role: 'authenticated', sub: (await makePerson()).id })
})

const failing: [what: string, statement: Sql, code: string, status: number][] = [
  ['a refusal of our own', sql`select private.raise_problem(409, 'slug_taken', 'No.')`, 'slug_taken', 409],
  ['a value that cannot be read', sql`select ${'x'}::uuid`, 'invalid_value', 422],
  ['a table without a grant', sql`delete from public.tenants`, 'forbidden', 403],
  ['a lock that is not free', sql`do $$ begin raise lock_not_available; end $$`, 'unavailable', 503],
  ['a deadlock, each time again', sql`do $$ begin raise deadlock_detected; end $$`, 'unavailable', 503],
]
const surprising = sql`select 1 / 0`

/** What a statement throws outside of a transaction, and inside of one where it is caught at once. */
async function failuresOf(db: Db, statement: Sql): Promise<[outside: unknown, inside: unknown]> {
  const outside = await db.query(statement).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  let inside: unknown = null
  await db
    .transaction(async (tx) => {
      inside = await tx.query(statement).then(
        () => null,
        (thrown: unknown) => thrown,
      )
      throw inside
    })
    .catch(() => {})
  return [outside, inside]
}

const described = (thrown: unknown) => {
  if (!(thrown instanceof Problem)) return thrown instanceof Error && { message: thrown.message }
  const { code, status, detail, errors, headers } = thrown
  return { code, status, detail, errors, headers }
}

describe.each([
  ['a caller', () => caller],
  ['the service', () => admin],
])('a statement of %s fails in the same way in a transaction and outside of one', (who, db) => {
  const mayFail = failing.filter(([, , code]) => who === 'a caller' || code !== 'forbidden')

  it.each(mayFail)('%s', async (_, statement, code, status) => {
    const [outside, inside] = await failuresOf(db(), statement)
    expect(outside).toBeInstanceOf(Problem)
    expect(outside).toMatchObject({ code, status })
    expect(described(inside)).toEqual(described(outside))
  })

  it('an error that nobody foresaw', async () => {
    const [outside, inside] = await failuresOf(db(), surprising)
    expect(outside).not.toBeInstanceOf(Problem)
    expect(outside).toMatchObject({ code: '22012' })
    expect(described(inside)).toEqual(described(outside))
  })

  it('and the connection is usable after each', async () => {
    const pids = new Set<number>()
    for (const [, statement] of [...mayFail, ['', surprising] as const]) {
      await failuresOf(db(), statement)
      const { pid, role } = await admin.one<{ pid: number; role: string }>(
        sql`select pg_backend_pid() as pid, current_user as role`,
      )
      expect(role).toBe('postgres')
      pids.add(pid)
      expect(await db().one(sql`select 1 as one`)).toEqual({ one: 1 })
    }
    // One after the other: a connection that could not be used again would have been replaced.
    expect(pids.size).toBe(1)
  })
})

describe('one row', () => {
  it.each([
    ['none', sql`select 1 where false`, '0 rows'],
    ['two', sql`select generate_series(1, 2)`, '2 rows'],
  ])('is an error when there are %s, in a transaction and outside of one', async (_, statement, words) => {
    await expect(admin.one(statement)).rejects.toThrow(words)
    await expect(caller.one(statement)).rejects.toThrow(words)
    await expect(admin.transaction((tx) => tx.one(statement))).rejects.toThrow(words)
  })
  it('names the statement and none of its values', async () => {
    const attempt = admin.one(sql`select 1 where ${'secret'} = ''`)
    await expect(attempt).rejects.toThrow(`select 1 where $1 = ''`)
    await expect(attempt).rejects.not.toThrow('secret')
  })
  it('is refused as any statement is', async () => {
    await expect(admin.one(sql`select ${'x'}::uuid`)).rejects.toMatchObject({ code: 'invalid_value' })
  })
})
