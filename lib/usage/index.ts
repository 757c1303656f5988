export { mostEvents, UsageAnswer, UsageEvent, UsageOutcome } from './event-schema.ts'
export { logUsageEvents } from './log-usage-events.ts'
