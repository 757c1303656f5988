import { admin } from '../../kit/db.ts'
import { member, type RouteRules } from '../../kit/rules/routes.ts'
import type { Tenant } from '../../kit/tenants.ts'
import { makeParticipant } from './documents.ts'

const nowhere = '01JD3N8Q4ZB6T2V9XK5M7R0C1E'
const participant = (tenant: Tenant) => makeParticipant(tenant)
/** Past the door is 404: the document is of nobody. */
const document = { may: [member], gives: 404, where: { participant, document: () => nowhere } }

const withBio = async (tenant: Tenant) => {
  const ref = await makeParticipant(tenant)
  await admin.query(
    `insert into public.client_bios (tenant_id, session_id, notes) values ($1, private.ulid_to_uuid($2), 'Likes herons.')`,
    [tenant.id, ref],
  )
  return ref
}
const bio = { may: [member], where: { participant } }

export default {
  'GET /assessments/participants/:participant/bio': { may: [member], where: { participant: withBio } },
  'PUT /assessments/participants/:participant/bio': {
    ...bio,
    headers: { 'if-match': '"0"' },
    body: () => ({ notes: 'Likes herons.' }),
  },
  'DELETE /assessments/participants/:participant/bio': {
    noScreen: 'a bio is emptied by writing nothing',
    ...bio,
    gives: 404,
    headers: { 'if-match': `"${nowhere}"` },
  },
  'GET /assessments/participants/:participant/documents': bio,
  'POST /assessments/participants/:participant/documents': {
    ...bio,
    gives: 201,
    body: () => ({ name: 'notes.txt', content_type: 'text/plain', byte_count: 5 }),
  },
  'GET /assessments/participants/:participant/documents/:document': document,
  'POST /assessments/participants/:participant/documents/:document/complete': document,
  'DELETE /assessments/participants/:participant/documents/:document': document,
} satisfies RouteRules
