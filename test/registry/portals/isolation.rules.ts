import { idOf, personId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

/** As if a token's word were enough. */
const claimedToken = `(current_setting('request.jwt.claims')::jsonb ->> 'portal_token')`

export default {
  privateCalls: {
    issue_portal_token: {
      needs: 'read_admin',
      scope: 'audit:read',
      lends: true,
      call: (tenant) => `select private.issue_portal_token('${idOf(tenant)}', 'audit', sha256('probe'), 60)`,
    },
    revoke_portal_tokens: {
      needs: 'read_admin',
      scope: 'audit:read',
      lends: true,
      call: (tenant) => `select private.revoke_portal_tokens('${idOf(tenant)}', 'audit')`,
    },
  },
  privateFunctions: {
    caller_portal_token: 'says of the caller alone',
    issue_portal_token: 'asks require_permission()',
    revoke_portal_tokens: 'asks require_permission()',
    read_portal: 'answers the calling token alone',
  },
  rows: {
    'private.portal_tokens': (tenant) => `(tenant_id, portal, scopes, user_id, token_hash, expires_at)
      values ('${tenantId(tenant)}', 'audit', '{audit:read}', '${personId(`${tenant}-anchor`)}',
        sha256(convert_to('${tenantId(tenant)}', 'UTF8')), now() + interval '1 minute')`,
  },
  conditions: [
    ['caller_portal_token', `nullif(current_setting('tenantry.portal_token', true), '')`, claimedToken],
    ['portal_token_may', 'token.expires_at > now() and', ''],
    ['portal_token_may', 'portal_token_may.scope = any (token.scopes)', 'true'],
    ['portal_token_may', `and m.status = 'active'`, ''],
    ['portal_token_may', 'and p.permission = s.permission', ''],
    ['portal_token_may', 'and private.is_live_api_key(k)', ''],
    ['portal_token_may', 'and portal_token_may.scope = any (k.scopes)', ''],
    ['portal_token_tenant_ids', 'v.id = portal_token_tenant_ids.token', 'true'],
    ['portal_token_tenant_ids', `and claims ->> 'scope' = any (portal_token_tenant_ids.scopes)`, ''],
    ['portal_token_tenant_ids', `and t.status <> 'archived'`, ''],
    ['portal_token_tenant_ids', 'and t.contract_pending_at is null', ''],
    ['require_portal_scope', 'and v.expires_at > now()', ''],
    ['require_portal_scope', `and t.status <> 'archived'`, ''],
    ['require_portal_scope', `require_portal_scope.scope is distinct from claims ->> 'scope' or`, ''],
  ],
} satisfies IsolationRules
