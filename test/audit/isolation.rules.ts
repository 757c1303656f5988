import { idOf, tenantId } from '../isolation/matrix/callers.ts'
import type { IsolationRules } from '../isolation/matrix/rules.ts'

export default {
  relations: {
    audit_log: {
      columns: '',
      withheld:
        'tenant_id seq id project_id actor_id actor_name actor_type action crud target_id target_type target_name product component description is_failure is_anonymous metadata payload_hash source_ip user_agent request_id created_at prev_hash hash',
      key: 'tenant_id',
      select: 'read_admin',
      isWithheld: true,
      service: 'select',
      // Were it granted, the policy would show a manager their own tenant's rows and nobody another's. What is
      // not seen is divided by.
      attempts: (
        [
          ['admin', tenantId('home'), 'ok'],
          ['admin', tenantId('other'), '22012'],
          ['frozen-owner', tenantId('frozen'), 'ok'],
          ['member', tenantId('home'), '22012'],
          ['reviewer', tenantId('home'), '22012'],
          ['stranger', tenantId('home'), '22012'],
          ['archived-owner', tenantId('archived'), '22012'],
          // Keys read by the function alone.
          ['audit:read-key', tenantId('home'), '22012'],
          ['writing-key', tenantId('home'), '22012'],
        ] as const
      ).map(([as, tenant, gives]) => ({
        as,
        before: 'grant select on public.audit_log to authenticated',
        tries: `select 1 / count(*) from public.audit_log where tenant_id = '${tenant}'`,
        gives,
      })),
    },
  },
  functions: {
    read_audit_log: {
      whenFrozen: 'reads; that it was read is recorded',
      needs: 'read_admin',
      scope: 'audit:read',
      service: true,
      call: (tenant) => `select count(*) from public.read_audit_log('${idOf(tenant)}')`,
    },
  },
  privateCalls: {
    start_audit_export: {
      needs: 'read_admin',
      scope: 'audit:export',
      call: (tenant) => `select private.start_audit_export('${idOf(tenant)}', 'csv')`,
    },
    export_audit_log: {
      needs: 'read_admin',
      scope: 'audit:export',
      call: (tenant) => `select count(*) from private.export_audit_log('${idOf(tenant)}', 0, 9)`,
    },
    verify_audit_log: {
      needs: 'read_admin',
      scope: 'audit:read',
      call: (tenant) => `select * from private.verify_audit_log('${idOf(tenant)}', 0, null)`,
    },
  },
  privateFunctions: {
    start_audit_export: 'asks require_permission()',
    export_audit_log: 'asks require_permission()',
    verify_audit_log: 'asks require_permission()',
  },
} satisfies IsolationRules
