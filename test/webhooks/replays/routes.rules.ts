import { keyWith, manager, type RouteRules, writingToken } from '../../kit/rules/routes.ts'
import { makeEndpoint, makeMessage } from '../route-subjects.ts'

export default {
  'POST /webhooks/endpoints/:endpoint/replay': {
    unaudited: 'deliveries are made by the queue',
    may: [manager, keyWith('replays:write'), writingToken],
    gives: 202,
    body: () => ({ since: '2026-01-01T00:00:00Z' }),
    where: { endpoint: makeEndpoint },
  },
  'POST /webhooks/messages/:message/endpoints/:endpoint/resend': {
    unaudited: 'deliveries are made by the queue',
    may: [manager, keyWith('replays:write'), writingToken],
    gives: 202,
    where: { endpoint: makeEndpoint, message: makeMessage },
  },
} satisfies RouteRules
