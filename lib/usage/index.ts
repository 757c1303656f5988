import './problems.ts'

export { logUsageEvent, logUsageEvents } from './events/queries.ts'
export { maxEvents, UsageBatchResult, UsageEvent, UsageEventResult } from './events/schema.ts'
export { checkOpenOrders } from './payments/check.ts'
export { idempotencyKeyOf, listBillingEvents, listPaymentOrders, orderPlan } from './payments/queries.ts'
export {
  BillingEventQuery,
  BillingEvents,
  CheckedOrders,
  NewPlanOrder,
  PaymentOrder,
  PaymentOrderQuery,
  PaymentOrders,
  ProviderPath,
  ReceivedEvent,
} from './payments/schema.ts'
export { receiveWebhook } from './payments/webhooks.ts'
export { readTotals } from './totals/queries.ts'
export { TotalsQuery, UsageTotals } from './totals/schema.ts'
export { voidUsageEvents } from './voids/queries.ts'
export { maxVoids, UsageVoid, UsageVoidBatchResult, UsageVoidResult } from './voids/schema.ts'
