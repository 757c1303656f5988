/**
 * Every code a caller can meet, with its HTTP status and its title. docs/errors.md says the same
 * with what to do about it; a test holds the two, and what the migrations raise, against each other.
 */
export const problemCodes = {
  malformed_url: { status: 400, title: 'The URL cannot be read' },
  invalid_json: { status: 400, title: 'The body is not JSON' },
  tenant_required: { status: 400, title: 'Which tenant is meant must be said' },
  count_not_offered: { status: 400, title: 'Estimated counts are not offered' },
  unauthenticated: { status: 401, title: 'A valid credential is needed' },
  token_expired: { status: 401, title: 'The token has expired' },
  forbidden: { status: 403, title: 'Not allowed' },
  tenant_frozen: { status: 403, title: 'The tenant is frozen' },
  trial_ended: { status: 403, title: 'The trial has ended' },
  too_many_trials: { status: 403, title: 'Too many tenants in trial' },
  too_many_renames: { status: 403, title: 'Too many renames' },
  not_found: { status: 404, title: 'There is nothing here' },
  tenant_not_found: { status: 404, title: 'There is no such tenant' },
  method_not_allowed: { status: 405, title: 'This method is not offered here' },
  conflict: { status: 409, title: 'This collides with what is there' },
  last_owner: { status: 409, title: 'A tenant always has an owner' },
  slug_taken: { status: 409, title: 'The slug is taken' },
  event_conflict: { status: 409, title: 'The event id was used for another event' },
  invalid_status_move: { status: 409, title: 'The tenant cannot move to this status' },
  not_billable: { status: 409, title: 'Only customers are billed' },
  not_purgeable: { status: 409, title: 'The tenant cannot be purged now' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON' },
  invalid_body: { status: 422, title: 'The body does not fit' },
  invalid_query: { status: 422, title: 'The query parameters do not fit' },
  invalid_value: { status: 422, title: 'A value is not acceptable' },
  invalid_brand: { status: 422, title: 'The brand has values that cannot be used' },
  invalid_email_config: { status: 422, title: 'The e-mail settings have values that cannot be used' },
  read_only_column: { status: 422, title: 'This column is read-only' },
  slug_invalid: { status: 422, title: 'The slug is not one' },
  slug_reserved: { status: 422, title: 'The slug is reserved' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  unavailable: { status: 503, title: 'Try again shortly' },
  timeout: { status: 504, title: 'This took too long' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof problemCodes
