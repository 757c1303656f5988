import { declareConstraints, declareProblems } from '../db/index.ts'

const problems = declareProblems({
  event_conflict: { status: 409, title: 'The event id was used for another event' },
  event_too_old: { status: 422, title: 'The event is too old' },
  event_in_future: { status: 422, title: 'The event has not happened yet' },
  event_not_found: { status: 404, title: 'There is no such usage event' },
  meter_slug_taken: { status: 409, title: 'Another meter has this slug' },
  too_many_events: { status: 422, title: 'A window holds too many events' },
  invalid_signature: { status: 400, title: 'The signature is not valid' },
  too_many_orders: { status: 429, title: 'Too many orders', retryAfterSeconds: 3_600 },
  payment_provider_failed: {
    status: 503,
    title: 'The payment provider could not be asked',
    retryAfterSeconds: 5,
  },
  payment_provider_not_set_up: {
    status: 503,
    title: 'The payment provider is not set up',
    retryAfterSeconds: 600,
  },
  spend_cap_reached: { status: 402, title: 'The spend cap of this month is reached' },
  call_not_found: { status: 404, title: 'There is no such started call' },
  insufficient_credits: { status: 402, title: 'There are not enough credits' },
  reservation_not_found: { status: 404, title: 'There is no such reservation' },
  reservation_closed: { status: 409, title: 'The reservation has ended' },
  refund_too_large: { status: 409, title: 'The refund is more than was consumed' },
  llm_provider_missing: { status: 409, title: 'No language model is set up' },
  llm_failed: { status: 502, title: 'The language model gave no answer' },
  llm_busy: { status: 503, title: 'The language model is asked too much', retryAfterSeconds: 30 },
  too_many_llm_tests: { status: 429, title: 'Too many tests of LLM providers', retryAfterSeconds: 3_600 },
  idempotency_conflict: { status: 409, title: 'The key was used for another operation' },
})

declare module '../db/problem-codes.ts' {
  interface ProblemCodes extends Record<keyof typeof problems, true> {}
}

declareConstraints({
  meter_slug_is_free: { code: 'meter_slug_taken', pointer: '/slug', detail: 'is taken' },
  meter_name_is_text: { pointer: '/name', detail: 'must be text without control characters' },
})
