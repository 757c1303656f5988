import { admin } from '../../kit/db.ts'

export interface Plan {
  plan: string
  name: string
  price_minor: number
  trial_days: number | null
  features: string[]
  limits: Record<string, number>
}

export interface Gate {
  gate: string
  kind: 'feature' | 'limit'
  description: string
  asked_for: string | null
  is_monthly: boolean
}

/** Every plan, from the one with the least to the one with the most. */
export async function readPlans(): Promise<Plan[]> {
  const { rows } = await admin.query<Plan>(
    `select plan, name, price_minor, trial_days, features, limits from public.plans
     where plan !~ '^probe' order by trial_days nulls last, price_minor = 0, price_minor`,
  )
  return rows
}

export async function readGates(kind: Gate['kind']): Promise<Gate[]> {
  const { rows } = await admin.query<Gate>(
    'select gate, kind, description, asked_for, is_monthly from private.gates where kind = $1 order by gate',
    [kind],
  )
  return rows
}
