import { idOf, keyOf } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

const keyHash = '$argon2id$v=19$m=1024,t=1,p=1$c2FsdA$aGFzaA'
/** As if a token's word were enough. */
const claimedKey = `current_setting('request.jwt.claims')::jsonb ->> 'api_key'`

export default {
  relations: {
    api_keys: {
      columns:
        'tenant_id id ref_id product name scopes prefix rate_limit_per_minute expires_at replaced_at revoked_at switched_off_at last_used_at created_at updated_at created_by updated_by',
      key: 'tenant_id',
      select: 'read_admin',
      service: 'select',
    },
  },
  functions: {
    create_api_key: {
      needs: 'manage',
      call: (
        tenant,
      ) => `select (public.create_api_key('${idOf(tenant)}', 'Probe', '{usage:write}', 'AAAAAAAA',
        '${keyHash}', sha256('probe'))).ref_id`,
    },
    rotate_api_key: {
      needs: 'manage',
      call: (tenant) => `select (public.rotate_api_key('${idOf(tenant)}', '${keyOf(tenant)}', 'AAAAAAAA',
        '${keyHash}', sha256('probe'))).ref_id`,
    },
    revoke_api_key: {
      whenFrozen: 'a key that leaked can always be closed',
      needs: 'read_admin',
      service: true,
      call: (tenant) => `select (public.revoke_api_key('${idOf(tenant)}', '${keyOf(tenant)}')).ref_id`,
    },
  },
  privateFunctions: {
    caller_api_key: 'says which key is calling, to the caller',
    caller_product: 'says which product the calling key is for, to the caller',
  },
  conditions: [
    ['caller_api_key', `nullif(current_setting('tenantry.api_key', true), '')`, claimedKey],
    ['api_key_tenant_ids', 'k.id = api_key_tenant_ids.key', 'true'],
    ['api_key_tenant_ids', 'and private.is_live_api_key(k)', ''],
    ['api_key_tenant_ids', `and claims ->> 'scope' = any (k.scopes)`, ''],
    ['api_key_tenant_ids', `and claims ->> 'scope' = any (api_key_tenant_ids.scopes)`, ''],
    ['api_key_tenant_ids', `and t.status <> 'archived'`, ''],
    ['is_live_api_key', 'key.revoked_at is null and', ''],
    ['is_live_api_key', '(key.expires_at is null or key.expires_at > now())', 'true'],
  ],
} satisfies IsolationRules
