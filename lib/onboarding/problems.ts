import { declareProblems } from '../db/index.ts'

const problems = declareProblems({
  registration_not_found: { status: 404, title: 'There is no registration in this browser' },
  registration_ended: { status: 410, title: 'The registration has ended' },
  step_not_reached: { status: 409, title: 'An earlier step is missing' },
  already_registered: { status: 409, title: 'The registration has become a tenant' },
  contract_not_ready: { status: 409, title: 'The contract has no PDF yet' },
  contract_changed: { status: 409, title: 'Another contract waits now' },
  run_not_there: { status: 409, title: 'The onboarding run is in another state' },
  too_many_registrations: { status: 429, title: 'Too many registrations', retryAfterSeconds: 3_600 },
})

declare module '../db/problem-codes.ts' {
  interface ProblemCodes extends Record<keyof typeof problems, true> {}
}
