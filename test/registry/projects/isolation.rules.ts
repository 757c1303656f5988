import { slugOf, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    tenant_projects: {
      columns: 'tenant_id id ref_id name slug status created_at updated_at created_by updated_by',
      key: 'tenant_id',
      select: 'read',
      insert: { needs: 'manage', columns: 'tenant_id name slug', row: `name, slug = 'Probe', 'probe'` },
      update: { needs: 'manage', columns: 'name slug status', set: `name = 'Probe'` },
      service: 'all',
      attempts: [
        // The entitlement is asked for as well, and what ends it is the clock.
        ...[`enabled = false`, `expires_at = now()`].map((change) => ({
          as: 'owner',
          before: `update public.tenant_products set ${change} where tenant_id = '${tenantId('home')}'`,
          tries: `insert into public.tenant_projects (tenant_id, name, slug) values ('${tenantId('home')}', 'Probe', 'probe')`,
          gives: 'refused',
        })),
        {
          as: 'owner',
          before: `update public.products set supports_projects = false`,
          tries: `insert into public.tenant_projects (tenant_id, name, slug) values ('${tenantId('home')}', 'Probe', 'probe')`,
          gives: 'refused',
        },
        {
          as: 'owner',
          before: `update public.tenant_products set enabled = false where tenant_id = '${tenantId('home')}';
            update public.tenant_projects set status = 'archived' where tenant_id = '${tenantId('home')}'`,
          tries: `update public.tenant_projects set status = 'active'`,
          gives: 'PT402 product_not_granted',
        },
        // A slug of another tenant's project is as free as one that nobody has.
        ...['matrix-other', 'nobodys'].map((slug) => ({
          as: 'admin',
          tries: `insert into public.tenant_projects (tenant_id, name, slug) values ('${tenantId('home')}', 'Probe', '${slug}')`,
          gives: 'ok',
        })),
      ],
    },
  },
  privateFunctions: {
    has_project_support: 'the policy on tenant_projects calls it',
    require_project_support: 'the trigger on tenant_projects and lib call it after the permission was asked',
  },
  rows: {
    'public.tenant_projects': (tenant) =>
      `(tenant_id, name, slug) values ('${tenantId(tenant)}', 'Matrix', '${slugOf(tenant)}')`,
  },
  conditions: [['has_project_support', 'and p.supports_projects', '']],
} satisfies IsolationRules
