import type pg from 'pg'
import { asUser, rolledBack, superuser } from '../db.ts'
import type { Person } from '../people.ts'
import type { Tenant } from '../tenants.ts'

/**
 * A trick against a rule that says how many or how often: archive, freeze, give away, remove, revoke or forget, and make
 * again. A domain declares its tricks in a limits.rules.ts, and test/limits.test.ts tries them.
 */
export interface LimitTrick {
  /** The code of the refusal in the end. */
  code: string
  trick: string
  run(given: Given): Promise<unknown>
}

/** A tenant of the plan business, and its owner. */
export interface Given {
  owner: Person
  tenant: Tenant
}

export type Db = Pick<pg.PoolClient, 'query'>

/** Runs it as the owner, and undoes it. */
export const asOwner = <Result>({ owner }: Given, run: (db: Db) => Promise<Result>) => asUser(owner.id, run)

/** Runs it as the database's owner, for what only the service may do, and undoes it. */
export const asService = <Result>(run: (db: Db) => Promise<Result>) => rolledBack(superuser, run)

/** Runs a part of the owner's transaction as the database's owner, for what only the service or the clock does. */
export async function asDatabase(db: Db, text: string, values: unknown[] = []): Promise<void> {
  await db.query('set local role postgres')
  await db.query(text, values)
  await db.query('set local role authenticated')
}

/** The code with which a statement is refused; undefined if it is not. */
export async function refusal(db: Db, text: string, values: unknown[]): Promise<string | undefined> {
  await db.query('savepoint asked')
  const code = await db.query(text, values).then(
    () => undefined,
    (error: Error) => error.message,
  )
  if (code !== undefined) await db.query('rollback to savepoint asked')
  return code
}

/** Does something until it is refused, at most so often. */
export async function untilRefused(
  most: number,
  step: (n: number) => Promise<string | undefined>,
): Promise<string> {
  for (let n = 0; n <= most; n++) {
    const code = await step(n)
    if (code !== undefined) return n === most ? code : `${code} after ${n} of ${most}`
  }
  return 'is not refused'
}
