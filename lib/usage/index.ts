import './problems.ts'

export {
  listModelPrices,
  ModelPrice,
  ModelPrices,
  NewModelPrice,
  PriceQuery,
  setModelPrice,
} from './calls/prices.ts'
export { finishLlmCall, listLlmCalls, listToolCalls, recordToolCall, startLlmCall } from './calls/queries.ts'
export {
  CallPath,
  LlmCall,
  LlmCallQuery,
  LlmCalls,
  LlmCompletion,
  NewLlmCall,
  NewToolCall,
  StartedLlmCall,
  ToolCall,
  ToolCallQuery,
  ToolCalls,
} from './calls/schema.ts'
export { readSpend, Spend, SpendCap, setSpendCap } from './calls/spend.ts'
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
export { logUsageEvent, logUsageEvents } from './events/queries.ts'
export { maxEvents, UsageBatchResult, UsageEvent, UsageEventResult } from './events/schema.ts'
export { writeReadings } from './meters/csv.ts'
export { createMeter, listMeters, readMeter, updateMeter } from './meters/queries.ts'
export { MeterReadings, ReadingQuery } from './meters/reading-schema.ts'
export { readReadings } from './meters/readings.ts'
export { Meter, MeterChange, MeterPath, MeterQuery, Meters, NewMeter } from './meters/schema.ts'
export { askModel, type ModelAnswer } from './models/ask.ts'
export { dataOnly, tagged, tidied } from './models/prompt.ts'
export {
  findModel,
  type Model,
  readLlmProvider,
  removeLlmProvider,
  requirePublic,
  setLlmProvider,
} from './models/queries.ts'
export { LlmProviderAnswer, LlmProviderSettings } from './models/schema.ts'
export { testLlmProvider } from './models/test.ts'
export { checkOpenOrders } from './payments/check.ts'
export { Offers, readOffers } from './payments/offers.ts'
export {
  listBillingEvents,
  listPaymentOrders,
  makeOrder,
  orderColumns,
  placeOrder,
  takePaymentEvent,
} from './payments/queries.ts'
export {
  BillingEventQuery,
  BillingEvents,
  CheckedOrders,
  NewOrder,
  PaymentOrder,
  PaymentOrderQuery,
  PaymentOrders,
  PaymentProvider,
  ProviderPath,
  ReceivedEvent,
} from './payments/schema.ts'
export { providerSettings } from './payments/settings.ts'
export { receiveWebhook } from './payments/webhooks.ts'
export { cancelSubscription, listSubscriptions } from './subscriptions/queries.ts'
export {
  Subscription,
  SubscriptionPath,
  SubscriptionQuery,
  Subscriptions,
} from './subscriptions/schema.ts'
export { writeTotals } from './totals/csv.ts'
export { readTotals } from './totals/queries.ts'
export { TotalsQuery, UsageTotals } from './totals/schema.ts'
export { voidUsageEvents } from './voids/queries.ts'
export { maxVoids, UsageVoid, UsageVoidBatchResult, UsageVoidResult } from './voids/schema.ts'
