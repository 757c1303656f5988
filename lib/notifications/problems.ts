import { declareProblems } from '../db/index.ts'

const problems = declareProblems({
  template_changed: { status: 412, title: 'Somebody else has changed the template' },
  phone_code_wrong: { status: 422, title: 'The code is wrong' },
  no_phone_provider: { status: 409, title: 'Nobody sends messages to telephones' },
  too_many_phone_codes: { status: 429, title: 'Too many codes were sent', retryAfterSeconds: 3_600 },
  invalid_callback: { status: 400, title: 'The callback is not signed by the provider' },
  too_many_provider_tests: {
    status: 429,
    title: 'Too many tests of notification providers',
    retryAfterSeconds: 3_600,
  },
})

declare module '../db/problem-codes.ts' {
  interface ProblemCodes extends Record<keyof typeof problems, true> {}
}
