import { admin } from '../../kit/db.ts'
import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'

// The participant is of the tenant that is filled, so its ref_id is one that the test can know beforehand.
const participant = '01JD3N8Q4ZB6T2V9XK5M7R0C1E'

export default {
  'GET /assessments/participants/:participant/documents': {
    noun: 'documents',
    ...newestFirst,
    path: { participant },
    async fill({ tenant }) {
      await admin.query(
        'insert into public.participant_sessions (tenant_id, id) values ($1, private.ulid_to_uuid($2))',
        [tenant.id, participant],
      )
      for (let n = 1; n <= 3; n++)
        await admin.query(
          `insert into public.client_documents (tenant_id, session_id, name, content_type, byte_count, storage_path)
           values ($1, private.ulid_to_uuid($2), 'notes.txt', 'text/plain', 5, $3 || '/' || md5($4))`,
          [tenant.id, participant, tenant.ref_id, String(n)],
        )
    },
  },
} satisfies ListRules
