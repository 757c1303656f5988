import { hostOf, isPublished, slugOf, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  functions: {
    get_tenant_by_slug: {
      whenFrozen: 'reads the public page',
      needs: 'everyone',
      service: true,
      call: (tenant) => `select public.get_tenant_by_slug('${slugOf(tenant)}') ->> 'slug'`,
      answers: (tenant) => (isPublished(tenant) ? slugOf(tenant) : 'nothing'),
    },
    get_tenant_by_domain: {
      whenFrozen: 'reads the public page',
      needs: 'everyone',
      service: true,
      call: (tenant) => `select public.get_tenant_by_domain('${hostOf(tenant)}') ->> 'slug'`,
      answers: (tenant) => (isPublished(tenant) ? slugOf(tenant) : 'nothing'),
    },
  },
  conditions: [
    ['find_tenant_page_by_host', `and d.status = 'verified'`, ''],
    [
      'render_tenant_page',
      `t.status <> 'archived' and`,
      '',
      `select private.refresh_tenant_page('${tenantId('archived')}')`,
    ],
  ],
} satisfies IsolationRules
