export { AttemptQuery, Attempts } from './attempt-schema.ts'
export { listAttempts } from './attempts.ts'
export { messageIdOf, signatureHeaders } from './deliver.ts'
export { listDeliveries } from './deliveries.ts'
export { Deliveries, DeliveryQuery } from './delivery-schema.ts'
export { type DispatchReport, dispatch } from './dispatch.ts'
export {
  Endpoint,
  EndpointChange,
  EndpointPath,
  EndpointQuery,
  Endpoints,
  NewEndpoint,
} from './endpoint-schema.ts'
export { createEndpoint, deleteEndpoint, listEndpoints, readEndpoint, updateEndpoint } from './endpoints.ts'
export { EventTypePath, EventTypes, EventTypeVersions } from './event-type-schema.ts'
export { listEventTypes, readEventType } from './event-types.ts'
export { MessagePath, MessageQuery, Messages, MessageWithPayload, ResendPath } from './message-schema.ts'
export { listMessages, readMessage } from './messages.ts'
export { prometheusText, readMetrics } from './metrics.ts'
export { acknowledgeMessages, pollMessages } from './polling.ts'
export { Acknowledged, Acknowledgement, Poll, PolledMessages } from './polling-schema.ts'
export { Replay, Replayed, SentMessage, TestMessage } from './replay-schema.ts'
export { replayMessages, sendTestMessage } from './replays.ts'
export { EndpointWithSecret, SecretRotation, SigningSecret } from './signing-secret-schema.ts'
export { revealSecret, rotateSecret } from './signing-secrets.ts'
export { readStats } from './stats.ts'
export { EndpointStats, StatsQuery } from './stats-schema.ts'
