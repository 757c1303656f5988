import { declareConstraints, declareProblems } from '../db/index.ts'

const problems = declareProblems({
  too_many_trials: { status: 403, title: 'Too many tenants in trial' },
  too_many_renames: { status: 403, title: 'Too many renames' },
  slug_taken: { status: 409, title: 'The slug is taken' },
  slug_invalid: { status: 422, title: 'The slug is not valid' },
  slug_reserved: { status: 422, title: 'The slug is reserved' },
  invalid_status_move: { status: 409, title: 'The tenant cannot move to this status' },
  not_in_trial: { status: 409, title: 'The tenant is not in trial' },
  not_purgeable: { status: 409, title: 'The tenant cannot be purged now' },
  export_running: { status: 409, title: 'An export of the tenant is running' },
  export_link_not_found: { status: 404, title: 'There is no such link' },
  too_many_export_links: { status: 429, title: 'Too many links to exports', retryAfterSeconds: 600 },
  last_owner: { status: 409, title: 'A tenant must have an owner' },
  member_not_active: { status: 409, title: 'The membership is not active' },
  is_member: { status: 409, title: 'They are a member of the tenant' },
  already_member: { status: 409, title: 'The person is already a member' },
  already_invited: { status: 409, title: 'The address is already invited' },
  too_many_invitations: { status: 403, title: 'Too many invitations' },
  invitation_not_found: { status: 404, title: 'There is no such invitation' },
  invitation_not_yours: { status: 403, title: 'The invitation is for another address' },
  email_not_confirmed: { status: 403, title: 'The e-mail address is not confirmed' },
  membership_deactivated: { status: 403, title: 'The membership is switched off' },
  resent_too_soon: { status: 429, title: 'Sent again too soon', retryAfterSeconds: 60 },
  project_slug_taken: { status: 409, title: 'Another project has this slug' },
  api_key_ended: { status: 409, title: 'The API key has ended' },
  idp_changed: { status: 409, title: 'The identity provider was changed during its check' },
  idp_not_verified: { status: 409, title: 'The identity provider is not verified' },
  idp_just_checked: { status: 429, title: 'The identity provider was just checked', retryAfterSeconds: 5 },
  too_many_idp_checks: { status: 429, title: 'Too many checks of identity providers', retryAfterSeconds: 60 },
  too_many_sign_in_questions: {
    status: 429,
    title: 'Too many questions about signing in',
    retryAfterSeconds: 3_600,
  },
  sso_provider_taken: { status: 409, title: 'The SSO provider is already bound' },
})

declare module '../db/problem-codes.ts' {
  interface ProblemCodes extends Record<keyof typeof problems, true> {}
}

declareConstraints({
  project_slug_is_free: { code: 'project_slug_taken', pointer: '/slug', detail: 'is taken' },
  tenants_name_is_text: { pointer: '/name', detail: 'must be text without control characters' },
  tenants_locale_is_a_tag: { pointer: '/locale', detail: 'must be a language tag, such as en or de-CH' },
  api_keys_name_idx: { pointer: '/name', detail: 'is the name of another key' },
  key_name_is_text: { pointer: '/name', detail: 'must be text without control characters' },
})
