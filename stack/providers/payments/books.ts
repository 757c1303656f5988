import { randomBytes } from 'node:crypto'

/** What somebody can pay for here. It lives in memory: a real provider would keep it, and this one forgets at its end. */
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
  charges: Charge[]
}

/** One try to take money. A charge of a subscription that failed may be tried again and succeed. */
export interface Charge {
  id: string
  status: 'failed' | 'paid'
  endsAt: number
}

const sales = new Map<string, Sale>()

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
