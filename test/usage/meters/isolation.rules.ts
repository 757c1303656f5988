import { slugOf, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

const probe = `'probe', 'Probe', 'count'`

export default {
  relations: {
    usage_meters: {
      columns:
        'tenant_id id ref_id slug name event_type aggregation value_property group_by created_at updated_at archived_at',
      key: 'tenant_id',
      select: 'read',
      scopes: ['usage:read'],
      insert: {
        needs: 'manage',
        columns: 'tenant_id slug name event_type aggregation value_property group_by',
        row: `slug, name, aggregation = ${probe}`,
      },
      update: { needs: 'manage', columns: 'name group_by archived_at', set: `name = 'Probe'` },
      service: 'all',
      attempts: [
        // A slug of another tenant's meter is as free as one that nobody has.
        ...['matrix-other', 'nobodys'].map((slug) => ({
          as: 'admin',
          tries: `insert into public.usage_meters (tenant_id, slug, name, aggregation) values ('${tenantId('home')}', '${slug}', 'Probe', 'count')`,
          gives: 'ok',
        })),
      ],
    },
  },
  privateFunctions: {
    is_meter_property: 'pure; check constraints of usage_meters call it',
    is_meter_grouping: 'pure; check constraints of usage_meters call it',
  },
  rows: {
    'public.usage_meters': (tenant) =>
      `(tenant_id, slug, name, aggregation) values ('${tenantId(tenant)}', '${slugOf(tenant)}', 'Matrix', 'count')`,
  },
} satisfies IsolationRules
