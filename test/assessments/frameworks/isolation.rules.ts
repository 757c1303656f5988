import { everyoneId, letIn, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    frameworks: {
      columns: 'framework_id name description version base created_at',
      key: `'${everyoneId}'::uuid`,
      select: 'everyone',
      directory: 'framework_id',
      service: 'select',
      attempts: [
        {
          as: 'owner',
          before: 'grant insert on public.frameworks to authenticated',
          tries: `insert into public.frameworks (framework_id, name, description, base)
            select 'mine', 'Mine', 'Mine', f.base from public.frameworks as f limit 1`,
          gives: 'refused',
        },
      ],
    },
    framework_configs: {
      columns:
        'tenant_id framework_id archetype_overrides voice_overrides scoring_overrides mode_overrides landing_overrides communications results_display providers test_clients version reason created_at updated_at created_by updated_by',
      key: 'tenant_id',
      select: 'read',
      service: 'all',
      attempts: [
        {
          // Past the check of what the overrides make of the framework.
          as: 'owner',
          before: 'grant insert on public.framework_configs to authenticated',
          tries: `insert into public.framework_configs (tenant_id, framework_id) values ('${tenantId('home')}', 'money-archetypes')`,
          gives: 'refused',
        },
      ],
    },
    framework_config_snapshots: {
      columns:
        'tenant_id framework_id version full_config diff reason restored_version snapshot_by snapshot_at',
      key: 'tenant_id',
      select: 'read',
      service: 'select',
      // Only of a configuration that this tenant has.
      attempts: ['money-archetypes', 'industry4'].map((framework) => ({
        as: 'owner',
        before: letIn('framework_config_snapshots'),
        tries: `insert into public.framework_config_snapshots (tenant_id, framework_id, version, full_config, diff)
          values ('${tenantId('home')}', '${framework}', 9, '{}', '[]')`,
        gives: framework === 'industry4' ? 'ok' : '23503',
      })),
    },
    framework_config_drafts: {
      columns:
        'tenant_id id ref_id framework_id status revision base_version base_config change reason publish_at scheduled_by problem created_at updated_at created_by updated_by',
      key: 'tenant_id',
      select: 'read',
      service: 'all',
      attempts: [
        {
          // Past the check of what the change makes of the framework.
          as: 'owner',
          before: 'grant insert on public.framework_config_drafts to authenticated',
          tries: `insert into public.framework_config_drafts (tenant_id, framework_id, base_version, base_config, change)
            values ('${tenantId('home')}', 'money-archetypes', 0, '{}', '{}')`,
          gives: 'refused',
        },
      ],
    },
  },
  rows: {
    'public.framework_config_drafts': (tenant) =>
      `(tenant_id, framework_id, base_version, base_config, change) values ('${tenantId(tenant)}', 'industry4', 0, '{}', '{}')`,
    'public.framework_configs': (tenant) =>
      `(tenant_id, framework_id, version) values ('${tenantId(tenant)}', 'industry4', 1)`,
    'public.framework_config_snapshots': (tenant) => `(tenant_id, framework_id, version, full_config, diff)
      values ('${tenantId(tenant)}', 'industry4', 1, '{}', '[]')`,
  },
} satisfies IsolationRules
