import type { CatalogRules } from '../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': {
    'private.audit_actions': 'what code may record; tells of no tenant',
  },
  'a table with a tenant_id has it first in its primary key': {
    'private.audit_pending': 'looked up by its transaction, which it does not outlive',
  },
  'tenant_id refers to tenants and goes with its tenant': {
    'public.audit_log': 'outlives its tenant',
    'private.audit_heads': 'outlives its tenant, as the log does',
    'private.audit_pending': 'becomes audit_log',
  },
  'a column that names another row is a foreign key': {
    'audit_log.tenant_id': 'outlives what it names',
    'audit_log.project_id': 'outlives what it names',
    'audit_heads.tenant_id': 'outlives what it names',
    'audit_pending.tenant_id': 'becomes audit_log',
    'audit_pending.project_id': 'becomes audit_log',
  },
  'a unique key of a tenant-owned table holds its tenant_id': {
    'private.audit_pending_pkey': 'a transaction and its events, in whichever tenants',
  },
} satisfies CatalogRules
