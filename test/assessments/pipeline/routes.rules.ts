import { admin } from '../../kit/db.ts'
import { member, type RouteRules, reader } from '../../kit/rules/routes.ts'
import type { Tenant } from '../../kit/tenants.ts'

const participant = async ({ id }: Tenant) => {
  const { rows } = await admin.query<{ ref_id: string }>(
    `insert into public.participant_sessions (tenant_id) values ($1) returning ref_id`,
    [id],
  )
  return rows[0]!.ref_id
}

export default {
  'GET /assessments/participants': { may: [reader] },
  'GET /assessments/participants/:participant': { may: [reader], where: { participant } },
  'PATCH /assessments/participants/:participant': {
    may: [member],
    where: { participant },
    body: () => ({ client_status: 'contacted' }),
  },
  'GET /assessments/pipeline': { may: [reader] },
  'GET /assessments/pipeline/completions': { may: [reader] },
} satisfies RouteRules
