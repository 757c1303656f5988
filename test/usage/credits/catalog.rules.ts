import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': { 'private.plan_credits': 'a plan belongs to no tenant' },
  'tenant_id refers to tenants and goes with its tenant': {
    'public.credit_ledger': 'a trigger on tenants clears it: a foreign key took as long as storing the row',
    'public.credit_reservations': 'as the ledger',
    'public.credit_lots': 'goes with its balance, which goes with its tenant',
    'public.credit_periods': 'as the lots',
  },
  'a column that names another row is a foreign key': {
    'credit_ledger.tenant_id': 'cleared by a trigger, see above',
    'credit_ledger.reservation_id':
      'written by the functions that hold the lock on the balance; no reservation is deleted',
    'credit_ledger.activity_run_id': 'the runs are still to come',
    'credit_reservations.tenant_id': 'cleared by a trigger, see above',
    'credit_reservations.activity_run_id': 'the runs are still to come',
  },
  'money is a bigint or int named for its unit': {
    'credit_ledger.balance_after': 'credits and no money; the name is of the requirement',
  },
} satisfies CatalogRules
