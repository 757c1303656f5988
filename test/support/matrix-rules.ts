import {
  campaignId,
  endpointId,
  everyoneId,
  messageId,
  nowhereId,
  type Permission,
  participantId,
  personId,
  tenantId,
} from './matrix-world.ts'

/** Who may do what with every relation in public. What is not in here fails the matrix. */

export interface Write {
  needs: Permission | 'self'
  /** The columns the grant names, and no other. */
  columns: string
}

export interface Attempt {
  as: string
  tries: string
  /** 'ok', 'denied' (no privilege), 'refused' (row level security), 'nothing' (no row of theirs), or an sqlstate. */
  gives: string
  /** What the superuser grants first, to show that the policy would hold if the grant did not. */
  before?: string
  /** Answers by whose rows were touched rather than 'ok'. */
  touches?: true
}

export interface RelationRule {
  /** The column that says whose row it is. */
  key: string
  /** SQL text appended to the owner's name, where rows of one tenant are not all alike. */
  mark?: string
  select: Permission | 'everyone' | 'colleagues'
  /** The primary key of what belongs to nobody, where it is not `plan`. */
  directory?: string
  /** People hold no grant: they read through a function. The policy is proven by the attempts. */
  isWithheld?: true
  insert?: Write & { row: string }
  update?: Write & { set: string }
  delete?: Permission
  /** What the service role is granted, its way around row level security being no way around grants. */
  service: 'select' | 'all'
  /** Only a view: the table whose rows its updates move. Inserting and deleting is not possible through it. */
  view?: string
  attempts?: Attempt[]
}

const own = tenantId('home')
const letIn = (table: string) =>
  `grant insert on public.${table} to authenticated; create policy probe on public.${table} for insert to authenticated with check (true)`
const others = tenantId('other')

export const relations: Record<string, RelationRule> = {
  plans: {
    key: `'${everyoneId}'::uuid`,
    select: 'everyone',
    service: 'select',
    attempts: [
      {
        as: 'owner',
        before: 'grant insert on public.plans to authenticated',
        tries: `insert into public.plans (plan, name, price_minor) values ('free', 'Free', 0)`,
        gives: 'refused',
      },
    ],
  },
  tenants: {
    key: 'id',
    select: 'read',
    update: { needs: 'manage', columns: 'name locale', set: `name = 'Probe'` },
    service: 'all',
  },
  tenant_billing: {
    key: 'tenant_id',
    select: 'inspect',
    update: {
      needs: 'own',
      columns:
        'legal_name pan_number has_gst gst_number billing_name billing_address billing_city billing_postal_code billing_state billing_country monthly_spend_cap_usd_micros',
      set: `legal_name = 'Probe'`,
    },
    service: 'all',
  },
  user_profiles: {
    key: 'user_id',
    select: 'colleagues',
    update: {
      needs: 'self',
      columns: 'title first_name last_name phone locale',
      set: `first_name = 'Probe'`,
    },
    service: 'all',
  },
  tenant_members: {
    key: 'tenant_id',
    mark: `case when role = 'owner' then '(owners)' else '' end`,
    select: 'read',
    // Only an owner makes or unmakes an owner; the attempts below say so.
    update: { needs: 'manage', columns: 'role status', set: `role = 'reviewer'` },
    delete: 'manage',
    service: 'all',
    attempts: [
      {
        as: 'admin',
        tries: `update public.tenant_members set role = 'owner' where user_id = '${personId('member')}'`,
        gives: 'refused',
      },
      {
        as: 'admin',
        tries: `update public.tenant_members set role = 'owner' where user_id = '${personId('admin')}'`,
        gives: 'refused',
      },
      {
        as: 'admin',
        tries: `update public.tenant_members set role = 'reviewer' where role = 'owner'`,
        gives: 'nothing',
        touches: true,
      },
      {
        as: 'admin',
        tries: `delete from public.tenant_members where role = 'owner'`,
        gives: 'nothing',
        touches: true,
      },
      {
        as: 'owner',
        tries: `update public.tenant_members set role = 'owner' where user_id = '${personId('member')}'`,
        gives: 'home',
        touches: true,
      },
      {
        as: 'member',
        tries: `update public.tenant_members set role = 'admin' where user_id = '${personId('member')}'`,
        gives: 'nothing',
        touches: true,
      },
      {
        as: 'suspended',
        tries: `update public.tenant_members set status = 'active'`,
        gives: 'nothing',
        touches: true,
      },
      {
        as: 'invited',
        tries: `update public.tenant_members set status = 'active'`,
        gives: 'nothing',
        touches: true,
      },
      {
        as: 'straddling-reviewer',
        before: 'grant update (tenant_id) on public.tenant_members to authenticated',
        tries: `update public.tenant_members set tenant_id = '${own}' where role <> 'owner'`,
        gives: 'refused',
      },
      {
        as: 'straddling-member',
        before: 'grant update (tenant_id) on public.tenant_members to authenticated',
        tries: `update public.tenant_members set tenant_id = '${own}' where role <> 'owner'`,
        gives: 'refused',
      },
      {
        as: 'stranger',
        tries: `insert into public.tenant_members (tenant_id, user_id) values ('${own}', '${personId('stranger')}')`,
        gives: 'denied',
      },
    ],
  },
  tenant_invitations: { key: 'tenant_id', select: 'inspect', service: 'all' },
  products: {
    key: `'${everyoneId}'::uuid`,
    select: 'everyone',
    directory: 'product',
    service: 'all',
    attempts: [
      {
        as: 'owner',
        before: 'grant insert on public.products to authenticated',
        tries: `insert into public.products (product, name) values ('free', 'Free')`,
        gives: 'refused',
      },
    ],
  },
  tenant_products: { key: 'tenant_id', select: 'read', service: 'all' },
  tenant_projects: {
    key: 'tenant_id',
    select: 'read',
    insert: { needs: 'manage', columns: 'tenant_id name slug', row: `name, slug = 'Probe', 'probe'` },
    update: { needs: 'manage', columns: 'name slug status', set: `name = 'Probe'` },
    service: 'all',
    attempts: [
      // The entitlement is asked for as well, and what ends it is the clock.
      ...[`enabled = false`, `expires_at = now()`].map((change) => ({
        as: 'owner',
        before: `update public.tenant_products set ${change} where tenant_id = '${own}'`,
        tries: `insert into public.tenant_projects (tenant_id, name, slug) values ('${own}', 'Probe', 'probe')`,
        gives: 'refused',
      })),
      {
        as: 'owner',
        before: `update public.products set supports_projects = false`,
        tries: `insert into public.tenant_projects (tenant_id, name, slug) values ('${own}', 'Probe', 'probe')`,
        gives: 'refused',
      },
      {
        as: 'owner',
        before: `update public.tenant_products set enabled = false where tenant_id = '${own}';
          update public.tenant_projects set status = 'archived' where tenant_id = '${own}'`,
        tries: `update public.tenant_projects set status = 'active'`,
        gives: 'PT402 product_not_granted',
      },
      // A slug of another tenant's project is as free as one that nobody has.
      ...['matrix-other', 'nobodys'].map((slug) => ({
        as: 'admin',
        tries: `insert into public.tenant_projects (tenant_id, name, slug) values ('${own}', 'Probe', '${slug}')`,
        gives: 'ok',
      })),
    ],
  },
  tenant_slugs: { key: 'tenant_id', select: 'read', service: 'all' },
  tenant_brands: {
    key: 'tenant_id',
    select: 'read',
    update: {
      needs: 'manage',
      columns:
        'display_name is_active brand email_config enabled_assessments coach_name coach_title coach_photo coach_email coach_notification_email website_url booking_url legal_entity voice_id slug_prefix canonical_quiz_url',
      set: `display_name = 'Probe'`,
    },
    service: 'all',
  },
  tenant_domains: { key: 'tenant_id', select: 'read', service: 'all' },
  tenant_profiles: {
    key: 'id',
    select: 'read',
    update: { needs: 'manage', columns: '*', set: `display_name = 'Probe'` },
    service: 'select',
    view: 'tenant_brands',
  },
  campaigns: {
    key: 'tenant_id',
    select: 'read',
    insert: {
      needs: 'write',
      columns: 'tenant_id id name assessment_type results_disclosure opens_at closes_at',
      row: `name = 'Probe'`,
    },
    update: {
      needs: 'write',
      columns: 'name assessment_type results_disclosure opens_at closes_at',
      set: `name = 'Probe'`,
    },
    delete: 'manage',
    service: 'all',
    // An id that is somebody else's is as free as one that is nobody's: a clash would tell that it exists.
    attempts: [campaignId('other'), nowhereId].map((id) => ({
      as: 'member',
      tries: `insert into public.campaigns (tenant_id, id, name) values ('${own}', '${id}', 'Probe')`,
      gives: 'ok',
    })),
  },
  participant_sessions: {
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
      ...[participantId('other'), nowhereId].map((id) => ({
        as: 'member',
        tries: `insert into public.participant_sessions (tenant_id, id) values ('${own}', '${id}')`,
        gives: 'ok',
      })),
      // The same answer for a campaign somebody else has and for one nobody has.
      ...[campaignId('other'), nowhereId].map((campaign) => ({
        as: 'member',
        tries: `insert into public.participant_sessions (tenant_id, campaign_id) values ('${own}', '${campaign}')`,
        gives: '23503',
      })),
      ...[campaignId('other'), nowhereId].map((campaign) => ({
        as: 'member',
        tries: `update public.participant_sessions set campaign_id = '${campaign}'`,
        gives: '23503',
      })),
      {
        as: 'neighbour',
        tries: `insert into public.participant_sessions (tenant_id, campaign_id) values ('${others}', '${campaignId('other')}')`,
        gives: 'ok',
      },
    ],
  },
  tenant_idp_config: {
    key: 'tenant_id',
    select: 'inspect',
    delete: 'manage',
    service: 'select',
    attempts: [
      {
        as: 'owner',
        tries: `update public.tenant_idp_config set verified = true`,
        gives: 'denied',
      },
    ],
  },
  audit_log: {
    key: 'tenant_id',
    select: 'inspect',
    isWithheld: true,
    service: 'select',
    // Were it granted, the policy would show a manager their own tenant's rows and nobody another's. What is
    // not seen is divided by.
    attempts: (
      [
        ['admin', own, 'ok'],
        ['admin', others, '22012'],
        ['frozen-owner', tenantId('frozen'), 'ok'],
        ['member', own, '22012'],
        ['reviewer', own, '22012'],
        ['stranger', own, '22012'],
        ['archived-owner', tenantId('archived'), '22012'],
      ] as const
    ).map(([as, tenant, gives]) => ({
      as,
      before: 'grant select on public.audit_log to authenticated',
      tries: `select 1 / count(*) from public.audit_log where tenant_id = '${tenant}'`,
      gives,
    })),
  },
  usage_events: { key: 'tenant_id', select: 'read', service: 'select' },
  usage_event_keys: { key: 'tenant_id', select: 'read', service: 'select' },
  api_keys: { key: 'tenant_id', select: 'inspect', service: 'select' },
  webhook_event_types: {
    key: `'${everyoneId}'::uuid`,
    select: 'everyone',
    directory: 'type',
    service: 'select',
    attempts: [
      {
        as: 'owner',
        before: 'grant insert on public.webhook_event_types to authenticated',
        tries: `insert into public.webhook_event_types (type, description, schema, example)
          values ('probe.made', 'Probe', '{"type": "object"}', '{}')`,
        gives: 'refused',
      },
    ],
  },
  webhook_endpoints: { key: 'tenant_id', select: 'inspect', service: 'select' },
  webhook_events: { key: 'tenant_id', select: 'inspect', service: 'select' },
  // Were people let in to write, no row of theirs could point at another tenant's.
  webhook_deliveries: {
    key: 'tenant_id',
    select: 'inspect',
    service: 'select',
    attempts: (
      [
        [messageId('other'), endpointId('home')],
        [messageId('home'), endpointId('other')],
        [messageId('home'), nowhereId],
      ] as const
    ).map(([message, endpoint]) => ({
      as: 'owner',
      before: letIn('webhook_deliveries'),
      tries: `insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id) values ('${own}', '${message}', '${endpoint}')`,
      gives: '23503',
    })),
  },
  webhook_attempts: {
    key: 'tenant_id',
    select: 'inspect',
    service: 'select',
    attempts: (['other', 'home'] as const).map((name) => ({
      as: 'owner',
      before: letIn('webhook_attempts'),
      tries: `insert into public.webhook_attempts (tenant_id, event_id, endpoint_id, attempt_number, outcome, duration_ms)
        values ('${own}', '${messageId(name)}', '${endpointId(name)}', 2, 'succeeded', 1)`,
      gives: name === 'home' ? 'ok' : '23503',
    })),
  },
}
