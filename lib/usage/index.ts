import './problems.ts'

export { logUsageEvent, logUsageEvents } from './events/queries.ts'
export { maxEvents, UsageBatchResult, UsageEvent, UsageEventResult } from './events/schema.ts'
export { readTotals } from './totals/queries.ts'
export { TotalsQuery, UsageTotals } from './totals/schema.ts'
export { voidUsageEvents } from './voids/queries.ts'
export { maxVoids, UsageVoid, UsageVoidBatchResult, UsageVoidResult } from './voids/schema.ts'
