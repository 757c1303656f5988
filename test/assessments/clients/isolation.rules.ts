import { idOf, letIn, rowId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

const participant = (tenant: 'home' | 'other') => rowId('participant_sessions', tenant)
const documentOf = (tenant: Parameters<typeof idOf>[0]) =>
  `(select private.ulid('${rowId('participant_sessions', tenant)}')), private.ulid('${rowId('client_documents', tenant)}')`
const columns = 'name, content_type, byte_count, storage_path'
const path = (tenant: Parameters<typeof idOf>[0]) => `private.ulid('${idOf(tenant)}') || '/' || md5('matrix')`

export default {
  relations: {
    client_bios: {
      columns:
        'tenant_id session_id headline background goals notes revision created_at updated_at created_by updated_by',
      key: 'tenant_id',
      // Reviewers read leads, and not what a coach notes about them.
      select: 'read_clients',
      service: 'all',
      attempts: [
        {
          as: 'owner',
          before: `delete from public.client_bios; ${letIn('client_bios')}`,
          tries: `insert into public.client_bios (tenant_id, session_id, notes) values ('${tenantId('home')}', '${participant('other')}', 'Mine')`,
          gives: '23503',
        },
        {
          as: 'owner',
          before: 'grant insert on public.client_bios to authenticated',
          tries: `insert into public.client_bios (tenant_id, session_id, notes) values ('${tenantId('home')}', '${participant('home')}', 'Mine')`,
          gives: 'refused',
        },
      ],
    },
    client_documents: {
      columns:
        'tenant_id id ref_id session_id name content_type byte_count storage_path state created_at updated_at created_by updated_by',
      key: 'tenant_id',
      select: 'read_clients',
      service: 'all',
      attempts: [
        {
          as: 'owner',
          before: letIn('client_documents'),
          tries: `insert into public.client_documents (tenant_id, session_id, ${columns})
            values ('${tenantId('home')}', '${participant('other')}', 'a.txt', 'text/plain', 5, private.ulid('${tenantId('home')}') || '/' || md5('a'))`,
          gives: '23503',
        },
        {
          // A row that leads to a file of another tenant.
          as: 'owner',
          before: letIn('client_documents'),
          tries: `insert into public.client_documents (tenant_id, session_id, ${columns})
            values ('${tenantId('home')}', '${participant('home')}', 'a.txt', 'text/plain', 5, ${path('other')})`,
          gives: '23514',
        },
      ],
    },
  },
  privateCalls: {
    await_client_document: {
      needs: 'write',
      call: (tenant) => `select private.await_client_document('${idOf(tenant)}',
        private.ulid('${rowId('participant_sessions', tenant)}'), 'a.txt', 'text/plain', 5)`,
    },
    open_client_document: {
      needs: 'read_clients',
      call: (tenant) => `select private.open_client_document('${idOf(tenant)}', ${documentOf(tenant)})`,
    },
    remove_client_document: {
      needs: 'write',
      call: (tenant) => `select private.remove_client_document('${idOf(tenant)}', ${documentOf(tenant)})`,
    },
  },
  privateFunctions: {
    is_document_name: 'pure; a check constraint calls it',
    await_client_document:
      'asks for write; here and not in public, because only the edge function makes the link to upload',
    open_client_document:
      'asks for read_clients; here and not in public, because only the edge function makes the link',
    remove_client_document:
      'asks for write; here and not in public, because only the edge function removes the file',
  },
  rows: {
    'public.client_bios': (tenant) =>
      `(tenant_id, session_id, notes) values ('${tenantId(tenant)}', '${rowId('participant_sessions', tenant)}', 'Matrix')`,
    'public.client_documents': (tenant) => `(tenant_id, id, session_id, ${columns}, state)
      values ('${tenantId(tenant)}', '${rowId('client_documents', tenant)}', '${rowId('participant_sessions', tenant)}',
        'matrix.txt', 'text/plain', 5, ${path(tenant)}, 'stored')`,
  },
} satisfies IsolationRules
