import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { declared } from './matrix/declared.ts'
import { beginMatrix, countProbes, type Matrix, wholeOf } from './matrix/run.ts'

// A busy machine makes these slow, not wrong.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

let matrix: Matrix
const db = new Client({ connectionString: inject('stack').admin_db_url })

beforeAll(async () => {
  await db.connect()
  matrix = await beginMatrix(db)
})
afterAll(async () => {
  await db.query('rollback')
  await db.end()
})

describe(`the isolation matrix, ${countProbes()} attempts`, () => {
  it('everything in public is classified, and granted what its rule says and nothing more', async () => {
    expect(await matrix.run({ catalog: true })).toEqual([])
  })

  for (const name of wholeOf(declared).relations!) {
    it(`${name}: each caller sees, writes and deletes exactly what is theirs`, async () => {
      expect(await matrix.run({ relations: [name] })).toEqual([])
    })
  }

  for (const name of wholeOf(declared).functions!) {
    it(`${name}(): each caller is answered or refused as their permission says`, async () => {
      expect(await matrix.run({ functions: [name] })).toEqual([])
    })
  }
})
