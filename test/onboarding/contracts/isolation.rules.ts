import { idOf, personId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

const hash = 'a'.repeat(64)

export default {
  relations: {
    contracts: {
      columns:
        'tenant_id id ref_id template_version details status pdf_s3_key pdf_sha256 generated_at next_render_at accepted_at accepted_by accepted_ip accepted_user_agent reminded_at created_at updated_at',
      key: 'tenant_id',
      select: 'contract',
      service: 'select',
    },
  },
  privateCalls: {
    accept_contract: {
      needs: 'contract',
      whenFrozen: 'it opens the tenant for reading',
      call: (tenant) => `select (private.accept_contract('${idOf(tenant)}', '${hash}')).ref_id`,
    },
    read_contract_evidence: {
      needs: 'contract',
      call: (tenant) => `select log from private.read_contract_evidence('${idOf(tenant)}')`,
    },
  },
  privateFunctions: {
    accept_contract:
      'asks for contract; here and not in public, because the edge function says which headers came along',
    read_contract_evidence: 'asks for contract; it shows one row of the log, about the contract',
  },
  rows: {
    // Accepted, so that whoever may accept it and ask for its evidence is answered.
    'public.contracts': (
      tenant,
    ) => `(tenant_id, template_version, details, status, pdf_s3_key, pdf_sha256, generated_at, accepted_at, accepted_by)
      values ('${tenantId(tenant)}', 'v1.0', '{}', 'accepted', 'matrix.pdf', '${hash}', now(), now(), '${personId(`${tenant}-anchor`)}')`,
  },
} satisfies IsolationRules
