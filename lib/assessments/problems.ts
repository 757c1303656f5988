import { declareConstraints, declareProblems } from '../db/index.ts'

const problems = declareProblems({
  framework_not_found: { status: 404, title: 'There is no such framework' },
  version_not_kept: { status: 404, title: 'This version is not kept' },
  version_mismatch: { status: 412, title: 'Somebody else has changed this' },
  if_match_required: { status: 428, title: 'Say which version you are changing' },
})

declareConstraints({
  config_reason_is_text: { pointer: '/reason', detail: 'must be text without control characters' },
  config_is_small: { pointer: '', detail: 'has a part that is too large: each may have 64 or 256 KiB' },
})

declare module '../db/problem-codes.ts' {
  interface ProblemCodes extends Record<keyof typeof problems, true> {}
}
