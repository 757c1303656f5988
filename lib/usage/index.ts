import './problems.ts'

export { maxEvents, UsageBatchResult, UsageEvent, UsageEventResult } from './event-schema.ts'
export { logUsageEvents } from './log-usage-events.ts'
