import { declareProblems } from '../db/index.ts'

const problems = declareProblems({
  template_changed: { status: 412, title: 'Somebody else has changed the template' },
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
