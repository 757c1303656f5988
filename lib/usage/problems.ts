import { declareProblems } from '../db/index.ts'

const problems = declareProblems({
  event_conflict: { status: 409, title: 'The event id was used for another event' },
  event_too_old: { status: 422, title: 'The event is too old' },
  event_in_future: { status: 422, title: 'The event has not happened yet' },
  event_not_found: { status: 404, title: 'There is no such usage event' },
})

declare module '../db/problem-codes.ts' {
  interface ProblemCodes extends Record<keyof typeof problems, true> {}
}
