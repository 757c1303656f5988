import type { CatalogRules } from '../kit/rules/catalog.ts'

export default {
  'a column that names another row is a foreign key': {
    'notification_jobs.user_id': 'who leaves the tenant stops the job, which stays as the record of it',
    'notification_jobs.provider_id': 'the job is the record of who sent it, and outlives the settings',
    'notification_dispatch_log.notification_job_id': 'the log outlives the job',
  },
  'every table has a tenant_id': {
    'public.notification_types': 'a catalogue, the same for all',
  },
  'a policy asks tenant_ids() once a statement, in the measured form': {
    'notification_types: everyone signed in reads the notification types':
      'the catalogue belongs to no tenant',
    'notifications: people read what they are told': 'asks whose row it is as well',
  },
} satisfies CatalogRules
