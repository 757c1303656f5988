import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    tenant_brands: {
      // The addresses too: tenant_profiles shows them to everybody in the tenant, as its requirement asks.
      columns:
        'tenant_id display_name is_active brand email_config enabled_assessments coach_name coach_title coach_photo coach_email coach_notification_email website_url booking_url legal_entity voice_id slug_prefix canonical_quiz_url created_at updated_at created_by updated_by version changed_in',
      key: 'tenant_id',
      select: 'read',
      scopes: ['brand:read'],
      update: {
        needs: 'manage',
        columns:
          'display_name is_active brand email_config enabled_assessments coach_name coach_title coach_photo coach_email coach_notification_email website_url booking_url legal_entity voice_id slug_prefix canonical_quiz_url',
        set: `display_name = 'Probe'`,
      },
      service: 'all',
    },
    tenant_profiles: {
      columns:
        'id user_id slug display_name tenant_type brand_config email_config enabled_assessments subscription_tier is_active custom_domain created_at updated_at',
      key: 'id',
      select: 'read',
      scopes: ['brand:read'],
      update: { needs: 'manage', columns: '*', set: `display_name = 'Probe'` },
      service: 'select',
      view: 'tenant_brands',
    },
  },
  privateFunctions: {
    snake_case: 'pure; the brand triggers call it',
    pointer_token: 'pure; the brand triggers call it',
    brand_value_problem: 'pure; the brand triggers call it',
    canonical_brand_path: 'pure; the brand triggers call it',
    normalize_brand: 'pure; the brand triggers call it',
    normalize_email_config: 'pure; the brand triggers call it',
    brand_config: 'pure; tenant_profiles calls it',
    canonical_color: 'pure; the brand triggers call it',
    brand_warnings: 'pure but for the list of fonts; whoever reads a brand calls it',
  },
} satisfies IsolationRules
