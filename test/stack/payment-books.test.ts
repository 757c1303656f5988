import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Sale } from '../../stack/providers/payments/books.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-books-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** The books as another run of the stack finds them. */
async function openAnew() {
  vi.resetModules()
  const books = await import('../../stack/providers/payments/books.ts')
  books.openBooks(join(folder, 'payments.json'))
  return books
}

const sale: Sale = {
  id: 'cs_local_1',
  provider: 'stripe',
  isMonthly: true,
  amount: 14_900,
  currency: 'chf',
  title: 'Professional',
  notes: { tenantry_order: '01JD3N8Q4ZB6T2V9XK5M7R0C1E' },
  status: 'open',
  subscriptionId: null,
  charges: [],
  key: '01JD3N8Q4ZB6T2V9XK5M7R0C1E',
}

it('what was sold before a restart is found after it, by its id, its subscription and its key', async () => {
  const before = await openAnew()
  const kept = before.keepSale({ ...sale })
  before.charge(kept, 'in', true)
  Object.assign(kept, { status: 'paid', subscriptionId: 'sub_1' })
  before.saveBooks()
  const after = await openAnew()
  const found = after.findSale('cs_local_1')
  expect(found).toEqual(kept)
  expect(after.findSale('sub_1')).toBe(found)
  expect(after.findSaleByKey(sale.key)).toBe(found)
  expect(after.findSaleByKey(undefined)).toBeUndefined()
})

it('a folder without books has sold nothing', async () => {
  expect((await openAnew()).findSale('cs_local_1')).toBeUndefined()
  expect(await readdir(folder)).toEqual([])
})

it('books that were being written when the stack was killed are those of before', async () => {
  const before = await openAnew()
  before.keepSale({ ...sale })
  before.saveBooks()
  await writeFile(join(folder, 'payments.json.new'), '[{"id": "cs_lo')
  expect((await openAnew()).findSale('cs_local_1')).toEqual(sale)
})
