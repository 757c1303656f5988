import { nowhereId, rowId, tenantId } from '../isolation/matrix/callers.ts'
import type { IsolationRules, RelationRule } from '../isolation/matrix/rules.ts'

/** The participants under a former name. */
const formerName: RelationRule = {
  columns:
    'tenant_id id ref_id campaign_id campaign_name assessment_type email full_name client_status started_at completed_at expires_at created_at updated_at',
  key: 'tenant_id',
  select: 'read',
  service: 'select',
  view: 'participant_sessions',
}

export default {
  relations: {
    campaign_assignments: formerName,
    stakeholder_sessions: formerName,
    campaigns: {
      columns:
        'tenant_id id ref_id name assessment_type results_disclosure opens_at closes_at switched_off_at mode status landing created_at updated_at created_by updated_by',
      key: 'tenant_id',
      select: 'read',
      insert: {
        needs: 'write',
        columns:
          'tenant_id id name assessment_type results_disclosure opens_at closes_at mode status landing',
        row: `name = 'Probe'`,
      },
      update: {
        needs: 'write',
        columns: 'name assessment_type results_disclosure opens_at closes_at mode status landing',
        set: `name = 'Probe'`,
      },
      delete: 'manage',
      service: 'all',
      // An id that is somebody else's is as free as one that is nobody's: a clash would tell that it exists.
      attempts: [rowId('campaigns', 'other'), nowhereId].map((id) => ({
        as: 'member',
        tries: `insert into public.campaigns (tenant_id, id, name) values ('${tenantId('home')}', '${id}', 'Probe')`,
        gives: 'ok',
      })),
    },
    participant_sessions: {
      columns:
        'tenant_id id ref_id campaign_id email full_name client_status mode locale landing_variant invited_at consented_at token_hash started_at completed_at expires_at is_kept created_at updated_at created_by updated_by',
      secretsShown: { token_hash: 'SHA-256 of 256 random bits: it opens nothing and cannot be turned back' },
      key: 'tenant_id',
      select: 'read',
      insert: {
        needs: 'write',
        columns: 'tenant_id id campaign_id email full_name client_status expires_at',
        row: `email = 'probe@matrix.test'`,
      },
      update: {
        needs: 'write',
        columns: 'campaign_id email full_name client_status started_at completed_at expires_at',
        set: `full_name = 'Probe'`,
      },
      delete: 'manage',
      service: 'all',
      attempts: [
        ...[rowId('participant_sessions', 'other'), nowhereId].map((id) => ({
          as: 'member',
          tries: `insert into public.participant_sessions (tenant_id, id) values ('${tenantId('home')}', '${id}')`,
          gives: 'ok',
        })),
        // The same answer for a campaign somebody else has and for one nobody has.
        ...[rowId('campaigns', 'other'), nowhereId].map((campaign) => ({
          as: 'member',
          tries: `insert into public.participant_sessions (tenant_id, campaign_id) values ('${tenantId('home')}', '${campaign}')`,
          gives: '23503',
        })),
        ...[rowId('campaigns', 'other'), nowhereId].map((campaign) => ({
          as: 'member',
          tries: `update public.participant_sessions set campaign_id = '${campaign}'`,
          gives: '23503',
        })),
        {
          as: 'neighbour',
          tries: `insert into public.participant_sessions (tenant_id, campaign_id) values ('${tenantId('other')}', '${rowId('campaigns', 'other')}')`,
          gives: 'ok',
        },
      ],
    },
  },
  privateFunctions: { is_campaign_landing: 'pure; a check constraint calls it' },
  rows: {
    'public.campaigns': (tenant) => `(tenant_id, id, name, assessment_type)
      select tenant_id, '${rowId('campaigns', tenant)}', 'Matrix', enabled_assessments[1]
      from public.tenant_brands where tenant_id = '${tenantId(tenant)}'`,
    'public.participant_sessions': (tenant) => `(tenant_id, id, campaign_id, email)
      values ('${tenantId(tenant)}', '${rowId('participant_sessions', tenant)}', '${rowId('campaigns', tenant)}', 'participant@matrix.test')`,
  },
} satisfies IsolationRules
