import type { IsolationRules } from '../isolation/matrix/rules.ts'

export default {
  privateFunctions: {
    tenant_ids: 'policies call it as the caller',
    is_trusted_caller: 'says who is calling, to the caller',
    require_permission: 'tells a caller about their own permission only; invoker functions and lib call it',
    record_refusal: 'records a refusal of the caller, where they belong and bounded',
  },
  conditions: [
    ['tenant_ids', 'm.user_id = (select auth.uid())', 'true'],
    ['tenant_ids', `m.status = 'active'`, 'true'],
    ['tenant_ids', `t.status <> 'archived'`, 'true'],
    ['tenant_ids', 'not p.is_write', 'true'],
    ['tenant_ids', 'and p.permission = tenant_ids.permission', ''],
    ['tenant_ids', 't.trial_ends_at > now()', 'true'],
    ['tenant_ids', `t.status in ('active', 'demo')`, `t.status in ('active', 'demo', 'frozen')`],
    ['tenant_ids', 'key is not null', 'false'],
    ['require_permission', `m.user_id = (select auth.uid()) and`, ''],
    ['require_permission', `and m.status = 'active'`, ''],
    ['require_permission', `or found_status = 'archived'`, ''],
    ['require_permission', 'found_role is null and not is_trusted', 'false'],
    ['require_permission', 'p.role = found_role and', ''],
    ['require_permission', 'and p.permission = verb', ''],
    ['require_permission', `found_status = 'frozen'`, 'false'],
    ['require_permission', 'found_trial_end <= now()', 'false'],
    ['require_permission', 'key is not null', 'false'],
    ['is_trusted_caller', `current_setting('role') = 'service_role'`, 'true'],
    ['require_scope', 'and private.is_live_api_key(k)', ''],
    ['require_scope', `and t.status <> 'archived'`, ''],
    ['require_scope', 'require_scope.tenant is distinct from', 'null is not distinct from'],
    ['require_scope', 's.scope = any (found_scopes)', 'true'],
  ],
} satisfies IsolationRules
