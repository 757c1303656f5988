import { declareProblems } from '../db/index.ts'

/** Why a caller may not do something, whichever domain the route belongs to. */
const problems = declareProblems({
  tenant_required: { status: 400, title: 'The request must name a tenant' },
  unauthenticated: { status: 401, title: 'A valid credential is required' },
  invalid_api_key: { status: 401, title: 'The API key is not valid' },
  token_expired: { status: 401, title: 'The token has expired' },
  feature_not_in_plan: { status: 402, title: 'The plan does not have this feature' },
  limit_reached: { status: 402, title: 'The plan allows no more' },
  product_not_granted: { status: 402, title: 'The tenant may not use this product' },
  key_not_accepted: { status: 403, title: 'This route accepts no API key' },
  second_factor_required: { status: 403, title: 'A second factor is required' },
  tenant_frozen: { status: 403, title: 'The tenant is frozen' },
  trial_ended: { status: 403, title: 'The trial has ended' },
  contract_not_accepted: { status: 403, title: 'The contract is not accepted yet' },
  tenant_not_found: { status: 404, title: 'There is no such tenant' },
  not_billable: { status: 409, title: 'Only customers are billed' },
  rate_limited: { status: 429, title: 'Too many requests', retryAfterSeconds: 60 },
})

declare module '../db/problem-codes.ts' {
  interface ProblemCodes extends Record<keyof typeof problems, true> {}
}
