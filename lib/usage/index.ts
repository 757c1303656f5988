export { maxEvents, UsageAnswer, UsageEvent, UsageOutcome } from './event-schema.ts'
export { logUsageEvents } from './log-usage-events.ts'
