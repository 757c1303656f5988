import './problems.ts'

export { listAttempts } from './attempts/queries.ts'
export { AttemptQuery, Attempts } from './attempts/schema.ts'
export { listDeliveries } from './deliveries/queries.ts'
export { Deliveries, DeliveryQuery } from './deliveries/schema.ts'
export { dispatchWebhooks } from './dispatch/dispatch.ts'
export {
  createEndpoint,
  deleteEndpoint,
  listEndpoints,
  readEndpoint,
  updateEndpoint,
} from './endpoints/queries.ts'
export {
  Endpoint,
  EndpointChange,
  EndpointPath,
  EndpointQuery,
  Endpoints,
  NewEndpoint,
} from './endpoints/schema.ts'
export { listEventTypes, readEventType } from './event-types/queries.ts'
export { EventTypePath, EventTypeQuery, EventTypes, EventTypeVersions } from './event-types/schema.ts'
export { listMessages, readMessage } from './messages/queries.ts'
export { MessagePath, MessageQuery, Messages, MessageWithPayload, ResendPath } from './messages/schema.ts'
export { prometheusText, readMetrics } from './metrics/queries.ts'
export { acknowledgeMessages, pollMessages } from './polling/queries.ts'
export { AcknowledgeRequest, AcknowledgeResult, PolledMessages, PollRequest } from './polling/schema.ts'
export {
  NewWebhookPortalToken,
  RevokedWebhookPortalTokens,
  WebhookPortalToken,
} from './portal-tokens/schema.ts'
export { replayMessages, sendTestMessage } from './replays/queries.ts'
export { ReplayRequest, ReplayResult, SentTestMessage, TestMessageRequest } from './replays/schema.ts'
export { rotateSecret } from './signing-secrets/queries.ts'
export { revealSecret } from './signing-secrets/reveal-secret.ts'
export { EndpointWithSecret, SigningSecret, SigningSecretRotation } from './signing-secrets/schema.ts'
export { listStats, readSeries, readStats } from './stats/queries.ts'
export {
  EndpointStats,
  SeriesQuery,
  StatsQuery,
  TenantStatsQuery,
  WebhookSeries,
  WebhookStats,
} from './stats/schema.ts'
