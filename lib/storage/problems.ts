import { declareProblems } from '../db/index.ts'

const problems = declareProblems({
  invalid_file: { status: 422, title: 'The file cannot be used' },
  too_many_uploads: { status: 429, title: 'Too many uploads', retryAfterSeconds: 3_600 },
})

declare module '../db/problem-codes.ts' {
  interface ProblemCodes extends Record<keyof typeof problems, true> {}
}
