import { declareConstraints, declareProblems } from '../db/index.ts'

const problems = declareProblems({
  endpoint_disabled: { status: 409, title: 'The endpoint is disabled' },
  not_a_polling_endpoint: { status: 409, title: 'The endpoint is not a polling endpoint' },
  header_values_required: { status: 422, title: 'The values of headers must be given again' },
  unknown_event_type: { status: 422, title: 'There is no such event type' },
})

declare module '../db/problem-codes.ts' {
  interface ProblemCodes extends Record<keyof typeof problems, true> {}
}

declareConstraints({
  push_has_a_url: { pointer: '/url', detail: 'is what a push endpoint needs, and no other has' },
  endpoint_url_is_http: { pointer: '/url', detail: 'must be a URL of at most 2048 characters' },
  endpoint_description_is_text: {
    pointer: '/description',
    detail: 'must be text without control characters',
  },
  endpoint_rate_limit_in_range: { pointer: '/rate_limit_per_second', detail: 'must be between 1 and 10000' },
})
