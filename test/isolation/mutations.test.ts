import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { beginMatrix, runMatrix } from '../support/matrix.ts'
import { applyMigrations, makeDatabase, type OwnDatabase } from '../support/matrix-database.ts'
import { listMutants, type Mutant } from '../support/mutate.ts'

// A busy machine makes these slow, not wrong.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 180_000 })

let own: OwnDatabase
let db: Client
let mutants: Mutant[] = []

beforeAll(async () => {
  own = await makeDatabase(inject('stack'))
  await applyMigrations(own.url)
  db = new Client({ connectionString: own.adminUrl })
  await db.connect()
  await beginMatrix(db)
  mutants = await listMutants(db)
})
afterAll(async () => {
  await db?.end()
  await own?.drop()
})

describe('a hole in isolation does not go unseen', () => {
  it('the matrix passes on what the migrations made', async () => {
    expect(await runMatrix(db)).toEqual([])
  })

  it('every policy, grant, view and function is broken in turn, and the matrix fails each time', async () => {
    const survivors: string[] = []
    for (const mutant of mutants) {
      await db.query('savepoint mutant')
      for (const statement of mutant.sql) await db.query(statement)
      if ((await runMatrix(db, mutant.slice)).length === 0) survivors.push(mutant.name)
      await db.query('rollback to savepoint mutant')
    }
    expect(survivors).toEqual([])
  })

  it('no policy was left alone', async () => {
    const { rows } = await db.query<{ name: string }>(
      `select format('%I on public.%I', policyname, tablename) as name from pg_policies where schemaname = 'public'`,
    )
    const untouched = rows.filter((row) => !mutants.some((mutant) => mutant.name === `${row.name}: dropped`))
    expect(untouched).toEqual([])
    expect(mutants.length).toBeGreaterThan(rows.length * 3)
  })
})
