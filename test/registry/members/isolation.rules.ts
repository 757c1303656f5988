import { idOf, nowhereId, personId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    tenant_members: {
      columns: 'tenant_id user_id role status created_at updated_at created_by updated_by app_access',
      key: 'tenant_id',
      mark: `case when role = 'owner' then '(owners)' else '' end`,
      select: 'read',
      scopes: ['members:read'],
      // Only an owner makes or unmakes an owner; the attempts below say so.
      update: { needs: 'manage', columns: 'role status app_access', set: `role = 'reviewer'` },
      delete: 'manage',
      service: 'all',
      attempts: [
        {
          as: 'admin',
          tries: `update public.tenant_members set role = 'owner' where user_id = '${personId('member')}'`,
          gives: 'refused',
        },
        {
          as: 'admin',
          tries: `update public.tenant_members set role = 'owner' where user_id = '${personId('admin')}'`,
          gives: 'refused',
        },
        {
          as: 'admin',
          tries: `update public.tenant_members set role = 'reviewer' where role = 'owner'`,
          gives: 'nothing',
          touches: true,
        },
        {
          as: 'admin',
          tries: `delete from public.tenant_members where role = 'owner'`,
          gives: 'nothing',
          touches: true,
        },
        {
          as: 'owner',
          tries: `update public.tenant_members set role = 'owner' where user_id = '${personId('member')}'`,
          gives: 'home',
          touches: true,
        },
        {
          as: 'member',
          tries: `update public.tenant_members set role = 'admin' where user_id = '${personId('member')}'`,
          gives: 'nothing',
          touches: true,
        },
        {
          as: 'suspended',
          tries: `update public.tenant_members set status = 'active'`,
          gives: 'nothing',
          touches: true,
        },
        {
          as: 'straddling-reviewer',
          before: 'grant update (tenant_id) on public.tenant_members to authenticated',
          tries: `update public.tenant_members set tenant_id = '${tenantId('home')}' where role <> 'owner'`,
          gives: 'refused',
        },
        {
          as: 'straddling-member',
          before: 'grant update (tenant_id) on public.tenant_members to authenticated',
          tries: `update public.tenant_members set tenant_id = '${tenantId('home')}' where role <> 'owner'`,
          gives: 'refused',
        },
        {
          as: 'stranger',
          tries: `insert into public.tenant_members (tenant_id, user_id) values ('${tenantId('home')}', '${personId('stranger')}')`,
          gives: 'denied',
        },
      ],
    },
    user_profiles: {
      // Colleagues see how to reach each other. Whoever wants no phone number to be seen leaves it out.
      columns:
        'user_id ref_id email title first_name last_name name phone phone_verified_at locale created_at updated_at',
      key: 'user_id',
      select: 'colleagues',
      scopes: ['members:read'],
      update: {
        needs: 'self',
        columns: 'title first_name last_name phone locale',
        set: `first_name = 'Probe'`,
      },
      service: 'all',
    },
  },
  functions: {
    leave_tenant: {
      whenFrozen: "leaving is a person's own right",
      needs: 'leave',
      call: (tenant) => `select public.leave_tenant('${idOf(tenant)}')`,
    },
    transfer_ownership: {
      needs: 'own',
      call: (tenant) =>
        `select public.transfer_ownership('${idOf(tenant)}', '${tenant === 'nowhere' ? nowhereId : personId(`${tenant}-anchor`)}')`,
    },
    list_roles: { needs: 'signed-in', call: () => 'select public.list_roles()' },
  },
  privateFunctions: {
    colleague_ids: 'the policy on user_profiles calls it',
  },
  conditions: [
    [
      'colleague_ids',
      `where m.tenant_id = any ((select private.tenant_ids('read', '{members:read}'))::uuid[])`,
      '',
    ],
  ],
} satisfies IsolationRules
