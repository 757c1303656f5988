import { admin } from '../../kit/db.ts'
import type { ListRules } from '../../kit/rules/lists.ts'
import { newestFirst } from '../../kit/rules/lists.ts'
import { freshKey, reserve } from './ledger.ts'

const fill: NonNullable<Extract<ListRules[string], { noun: string }>['fill']> = async ({ tenant }) => {
  for (let n = 0; n < 3; n++) await reserve(tenant.id, 1, freshKey())
}

export default {
  'GET /usage/credits/ledger': {
    noun: 'entries',
    by: (row) => String(row.version).padStart(10, '0'),
    order: 'the newest first',
    fill,
  },
  'GET /usage/credits/reservations': { noun: 'reservations', ...newestFirst, fill },
  'GET /usage/credits/statements': {
    noun: 'statements',
    by: (row) => row.period_start!,
    order: 'the newest first',
    // A month lasts a month, so the ones before are put in as they would be by now.
    async fill({ tenant }) {
      await reserve(tenant.id, 1, freshKey())
      await admin.query(
        `insert into public.credit_periods (tenant_id, period_start, period_end, first_version, opening, closing)
         select $1, m, (m + interval '1 month')::date - 1, 0, 0, 0 from unnest('{2026-01-01,2026-02-01}'::date[]) as m`,
        [tenant.id],
      )
    },
  },
} satisfies ListRules
