import './problems.ts'

export {
  adjustCredits,
  consumeCredits,
  refundCredits,
  releaseCredits,
  reserveCredits,
  reserveMany,
  topUpCredits,
} from './credits/queries.ts'
export { listCreditEntries, listReservations, listStatements, readCredits } from './credits/reading.ts'
export {
  Adjustment,
  Consumption,
  CreditBalance,
  CreditEntry,
  CreditLedger,
  CreditReservations,
  CreditStatements,
  LedgerQuery,
  NewReservation,
  NewReservations,
  Refund,
  Release,
  ReservationOutcomes,
  ReservationPath,
  ReservationQuery,
  StatementQuery,
  TopUp,
} from './credits/schema.ts'
export { logUsageEvents } from './events/queries.ts'
export { maxEvents, UsageBatchResult, UsageEvent, UsageEventResult } from './events/schema.ts'
export { readTotals } from './totals/queries.ts'
export { TotalsQuery, UsageTotals } from './totals/schema.ts'
