import { Client } from 'pg'
import { makeCopy, type OwnDatabase } from '../../kit/own-database.ts'
import type { StackAccess } from '../../kit/stack.ts'
import type { Rules } from '../matrix/declared.ts'
import { beginMatrix } from '../matrix/run.ts'
import type { Mutant } from './mutant.ts'
import { readSlices } from './slices.ts'

/**
 * Makes each mutant in turn and asks the matrix about what it can touch, until something is not as promised. Two at a
 * time, in copies of this database: nobody may be connected to it when they are made.
 *
 * @returns what the matrix said first of each mutant, and null of one that it did not notice
 */
export async function hunt(
  stack: Pick<StackAccess, 'admin_db_url' | 'db_url'>,
  template: OwnDatabase,
  rules: Rules,
  mutants: Mutant[],
): Promise<Map<string, string | null>> {
  const surprises = new Map<string, string | null>()
  // One list for both: whoever is free takes the next.
  const waiting = mutants.values()
  const copies = [await makeCopy(stack, template), await makeCopy(stack, template)]
  try {
    await Promise.all(copies.map((copy) => huntIn(copy.adminUrl, rules, waiting, surprises)))
  } finally {
    for (const copy of copies) await copy.drop()
  }
  return surprises
}

async function huntIn(
  url: string,
  rules: Rules,
  waiting: Iterable<Mutant>,
  surprises: Map<string, string | null>,
): Promise<void> {
  const db = new Client({ connectionString: url })
  await db.connect()
  try {
    const slicesOf = await readSlices(db, rules)
    const matrix = await beginMatrix(db, rules)
    for (const mutant of waiting) {
      await db.query('savepoint mutant')
      for (const statement of mutant.sql) await db.query(statement)
      let surprise: string | null = null
      for (const slice of slicesOf(mutant.touched))
        surprise ??= await matrix.findSurprise(slice, mutant.suspects)
      surprises.set(mutant.name, surprise)
      await db.query('rollback to savepoint mutant; release savepoint mutant')
    }
  } finally {
    await db.end()
  }
}
