import { declareProblems } from '../db/index.ts'

const problems = declareProblems({
  event_conflict: { status: 409, title: 'The event id was used for another event' },
  insufficient_credits: { status: 402, title: 'There are not enough credits' },
  reservation_not_found: { status: 404, title: 'There is no such reservation' },
  reservation_closed: { status: 409, title: 'The reservation has ended' },
  refund_too_large: { status: 409, title: 'The refund is more than was consumed' },
  idempotency_conflict: { status: 409, title: 'The key was used for another operation' },
})

declare module '../db/problem-codes.ts' {
  interface ProblemCodes extends Record<keyof typeof problems, true> {}
}
