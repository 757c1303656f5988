import { idOf, rowId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

const probeHash = `sha256('probe'::bytea)`

export default {
  relations: {
    tenant_invitations: {
      columns:
        'tenant_id id ref_id email role token_hash expires_at accepted_at revoked_at created_at updated_at created_by updated_by sent_at sent_count accepted_by',
      secretsShown: {
        token_hash: 'SHA-256 of 256 random bits: accepting takes the token, and managers alone see the row',
      },
      key: 'tenant_id',
      select: 'read_admin',
      service: 'all',
    },
  },
  functions: {
    invite_member: {
      needs: 'manage',
      service: true,
      call: (tenant) =>
        `select public.invite_member('${idOf(tenant)}', 'probe@matrix.test', 'member', ${probeHash})`,
    },
    resend_invitation: {
      needs: 'manage',
      service: true,
      call: (tenant) =>
        `select public.resend_invitation('${idOf(tenant)}', '${rowId('tenant_invitations', tenant)}', ${probeHash})`,
    },
    revoke_invitation: {
      needs: 'manage',
      service: true,
      call: (tenant) =>
        `select public.revoke_invitation('${idOf(tenant)}', '${rowId('tenant_invitations', tenant)}')`,
    },
    // Bound to a confirmed address and not to a tenant; test/registry/invitations/accept.test.ts has its rules.
    accept_invitation: {
      whenFrozen:
        'asks for a token first, and then for the state of its tenant: see invitations/accept-refused.test.ts',
      needs: 'signed-in',
      refusal: 'PT404 invitation_not_found',
      call: () => `select public.accept_invitation('tinv_probe')`,
    },
  },
  rows: {
    'public.tenant_invitations': (tenant) => `(tenant_id, id, email, token_hash, sent_at)
      values ('${tenantId(tenant)}', '${rowId('tenant_invitations', tenant)}', 'invited@matrix.test',
        sha256(convert_to('${tenantId(tenant)}', 'UTF8')), now() - interval '1 hour')`,
  },
} satisfies IsolationRules
