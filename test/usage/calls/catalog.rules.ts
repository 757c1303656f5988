import type { CatalogRules } from '../../kit/rules/catalog.ts'

const copied = 'a call copies the numbers of its price, and no price that was in effect is deleted'
const outlived = 'who called; the call outlives the person and the key'
const event = 'the key of events holds their moment, and a partition is dropped as a whole'
const runs = 'the runs are still to come'

export default {
  'every table has a tenant_id': { 'public.model_prices': 'the price list belongs to no tenant' },
  'a policy asks tenant_ids() once a statement, in the measured form': {
    'model_prices: everyone signed in reads the prices of models': 'a price list belongs to no tenant',
  },
  'a column that names another row is a foreign key': {
    'llm_call_holds.model_price_id': copied,
    'llm_call_holds.user_id': outlived,
    'llm_call_holds.api_key_id': outlived,
    'llm_call_holds.activity_run_id': runs,
    'llm_calls.model_price_id': copied,
    'llm_calls.user_id': outlived,
    'llm_calls.api_key_id': outlived,
    'llm_calls.activity_run_id': runs,
    'llm_calls.usage_event_id': event,
    'tool_calls.model_price_id': copied,
    'tool_calls.user_id': outlived,
    'tool_calls.api_key_id': outlived,
    'tool_calls.activity_run_id': runs,
    'tool_calls.usage_event_id': event,
    'tool_call_keys.call_id': 'the key of calls holds their moment, which stands beside it',
  },
} satisfies CatalogRules
