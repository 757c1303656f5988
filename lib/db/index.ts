export {
  type Asker,
  admin,
  asCaller,
  asCallerSnapshot,
  type Claims,
  callerDb,
  enterAsCaller,
  enterAsOperator,
  ping,
  type RequestHeaders,
  reportsOf,
  serviceFor,
} from './caller.ts'
export { emailAddress } from './email-address.ts'
export { declareConstraints, declaredConstraints, toProblem } from './errors.ts'
export { moment, offsetMoment } from './moment.ts'
export {
  type Keyset,
  keyset,
  nextCursor,
  pageOf,
  pageParameters,
  readPage,
} from './page.ts'
export { closeConnections, type Db } from './pool.ts'
export { type FieldError, Problem } from './problem.ts'
export { declaredCodes, declareProblems, definitionOf, type ProblemCode } from './problem-codes.ts'
export { tellOfReplica } from './read-replica.ts'
export { forgetMarks, queryRecent } from './recent.ts'
export { refId, refIdForm, refIdPattern } from './ref-id.ts'
export { alongIndex, named, type Sql, sql } from './sql.ts'
export { ulidOf } from './ulid.ts'
export { versionMismatch } from './version-mismatch.ts'
