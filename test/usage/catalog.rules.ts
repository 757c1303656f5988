import type { CatalogRules } from '../kit/rules/catalog.ts'

export default {
  'tenant_id refers to tenants and goes with its tenant': {
    'public.usage_event_keys': 'a trigger on tenants clears it: a foreign key doubled the cost of a batch',
  },
  'any other has one as well, unless Postgres is to inline it': {
    days_of_usage_hour:
      'inlined: called for each hour, and by name of nothing that a search_path could change',
    judge_usage_moment: 'inlined: called for each of a thousand events',
    usage_payload_hash: 'inlined: called for each of a thousand events',
  },
  'money is a bigint or int named for its unit': {
    'usage_hours.cost_micros': 'a sum of bigints, which a bigint may not hold',
    'usage_days.cost_micros': 'as of the hours',
    'usage_hours.cost_micros_15': 'a part of that sum',
    'usage_hours.cost_micros_30': 'a part of that sum',
  },
  'a column that names another row is a foreign key': {
    'usage_event_keys.tenant_id': 'cleared by a trigger, see above',
    'usage_event_keys.usage_event_id': 'checking it for each row of a batch took as long as storing them',
    'usage_event_voids.usage_event_id':
      'the key of events holds their moment, and a partition is dropped as a whole',
    'usage_event_voids.user_id': 'who voided an event; the void outlives the person',
    'usage_event_voids.api_key_id': 'which key voided an event; the void outlives the key',
    'usage_events.user_id': 'who caused a usage; the event outlives the person',
  },
} satisfies CatalogRules
