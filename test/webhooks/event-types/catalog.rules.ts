import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': {
    'public.webhook_event_types': 'the catalogue of events belongs to nobody',
  },
  'a policy asks tenant_ids() once a statement, in the measured form': {
    'webhook_event_types: everyone signed in reads the event types': 'a catalogue belongs to nobody',
  },
} satisfies CatalogRules
