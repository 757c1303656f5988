import type { CatalogRules } from '../kit/rules/catalog.ts'

export default {
  'tenant_id refers to tenants and goes with its tenant': {
    'public.usage_event_keys': 'a trigger on tenants clears it: a foreign key doubled the cost of a batch',
  },
  'money is a bigint or int named for its unit': {
    'usage_hours.cost_micros': 'a sum of bigints, which a bigint may not hold',
  },
  'a column that names another row is a foreign key': {
    'usage_event_keys.tenant_id': 'cleared by a trigger, see above',
    'usage_events.user_id': 'who caused a usage; the event outlives the person',
  },
} satisfies CatalogRules
