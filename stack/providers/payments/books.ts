import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'

/** What somebody can pay for here. */
export interface Sale {
  id: string
  provider: 'razorpay' | 'stripe'
  /** Charged again each month until it is cancelled. */
  isMonthly: boolean
  amount: number
  currency: string
  title: string
  /** What the maker of the sale gave along, and gets back with each event. */
  notes: Record<string, string>
  status: 'open' | 'paid' | 'cancelled'
  subscriptionId: string | null
  /** The same request again gets the same sale. */
  key?: string | undefined
  charges: Charge[]
}

/** One try to take money. A charge of a subscription that failed may be tried again and succeed. */
export interface Charge {
  id: string
  status: 'failed' | 'paid'
  endsAt: number
}

const sales = new Map<string, Sale>()
let file: string | undefined

/** Reads what an earlier run has sold. The buyer of a real provider finds the order after a restart too. */
export function openBooks(path: string): void {
  file = path
  for (const sale of readSales(path)) sales.set(sale.id, sale)
}

function readSales(path: string): Sale[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Sale[]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Writes down what there is now: all of it or, if this is killed, what there was before. */
export function saveBooks(): void {
  if (file === undefined) return
  writeFileSync(`${file}.new`, JSON.stringify([...sales.values()]))
  renameSync(`${file}.new`, file)
}

export function findSaleByKey(key: string | undefined): Sale | undefined {
  return key === undefined ? undefined : [...sales.values()].find((sale) => sale.key === key)
}

export function findSale(id: string): Sale | undefined {
  return sales.get(id) ?? [...sales.values()].find((sale) => sale.subscriptionId === id)
}

export function keepSale(sale: Sale): Sale {
  sales.set(sale.id, sale)
  return sale
}

/** An id as providers write them: a word for what it is, and letters that mean nothing. */
export function newId(prefix: string): string {
  return `${prefix}_${randomBytes(10).toString('hex')}`
}

export const inSeconds = (date = new Date()) => Math.floor(date.getTime() / 1_000)

/** The end of a month that begins with the charge of this number. */
function endOfMonth(number: number): number {
  const end = new Date()
  end.setUTCMonth(end.getUTCMonth() + number)
  return inSeconds(end)
}

export const paidCharges = (sale: Sale) => sale.charges.filter(({ status }) => status === 'paid')

/** Takes the month's charge, or fails to. One that failed is tried again, and stays the same charge. */
export function charge(sale: Sale, prefix: string, isPaid: boolean): Charge {
  const status = isPaid ? 'paid' : 'failed'
  const last = sale.charges.at(-1)
  if (last?.status === 'failed') {
    last.status = status
    return last
  }
  const made: Charge = { id: newId(prefix), status, endsAt: endOfMonth(sale.charges.length + 1) }
  sale.charges.push(made)
  return made
}
