import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { connected, makeMigrated, type OwnDatabase } from '../kit/own-database.ts'
import { declared } from './matrix/declared.ts'
import { hunt } from './mutants/hunt.ts'
import { listMutants } from './mutants/list.ts'
import type { Mutant } from './mutants/mutant.ts'

// A busy machine makes these slow, not wrong.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 })

const stack = inject('stack')
let own: OwnDatabase
let mutants: Mutant[] = []

beforeAll(async () => {
  own = await makeMigrated(stack)
  mutants = await connected(own.adminUrl, (db) => listMutants(db, declared))
})
afterAll(async () => {
  await own?.drop()
})

const harmless: Mutant[] = [
  // Nothing leans on these two. From what much leans on, the slices are the whole matrix.
  {
    sql: [`comment on view public.stakeholder_sessions is 'Participants.'`],
    touched: { relation: 'stakeholder_sessions' },
  },
  {
    sql: ['alter function public.read_audit_log cost 200'],
    touched: { function: 'public.read_audit_log' },
  },
].map((one) => ({ ...one, name: one.sql[0]! }))

describe('a hole in isolation does not go unseen', () => {
  // In one hunt, because the matrix' world takes seconds to make.
  let surprises: Map<string, string | null>
  beforeAll(async () => {
    surprises = await hunt(stack, own, declared, [...harmless, ...mutants])
  })

  // That the whole matrix passes on what the migrations made is matrix.test.ts.
  it('what changes nothing is noticed by no slice of the matrix', () => {
    const noticed = harmless.filter(({ name }) => surprises.get(name) !== null)
    expect(noticed).toEqual([])
  })

  it('every policy, grant, view and function is broken in turn, and the matrix fails each time', () => {
    const names = mutants.map(({ name }) => name)
    expect(names.filter((name) => surprises.get(name) === null)).toEqual([])
    expect(surprises.size).toBe(new Set([...names, ...harmless.map(({ name }) => name)]).size)
    expect(new Set(names).size).toBe(names.length)
  })

  it('no policy was left alone', async () => {
    const { rows } = await connected(own.adminUrl, (db) =>
      db.query<{ name: string }>(
        `select format('%I on public.%I', policyname, tablename) as name from pg_policies where schemaname = 'public'`,
      ),
    )
    const untouched = rows.filter((row) => !mutants.some((mutant) => mutant.name === `${row.name}: dropped`))
    expect(untouched).toEqual([])
    expect(mutants.length).toBeGreaterThan(rows.length * 3)
  })
})
