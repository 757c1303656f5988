import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { beginMatrix, countProbes, runMatrix } from '../support/matrix.ts'
import { functions, privateCalls } from '../support/matrix-function-rules.ts'
import { relations } from '../support/matrix-rules.ts'

// A busy machine makes these slow, not wrong.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const db = new Client({ connectionString: inject('stack').admin_db_url })

beforeAll(async () => {
  await db.connect()
  await beginMatrix(db)
})
afterAll(async () => {
  await db.query('rollback')
  await db.end()
})

describe(`the isolation matrix, ${countProbes()} attempts`, () => {
  it('everything in public is classified, and granted what its rule says and nothing more', async () => {
    expect(await runMatrix(db, { catalog: true })).toEqual([])
  })

  for (const name of Object.keys(relations)) {
    it(`${name}: each caller sees, writes and deletes exactly what is theirs`, async () => {
      expect(await runMatrix(db, { relations: [name] })).toEqual([])
    })
  }

  for (const name of Object.keys({ ...functions, ...privateCalls })) {
    it(`${name}(): each caller is answered or refused as their permission says`, async () => {
      expect(await runMatrix(db, { functions: [name] })).toEqual([])
    })
  }
})
