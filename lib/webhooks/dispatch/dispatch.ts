import { type DispatchLimits, type DispatchReport, dispatch, type Queue } from '../../queue/index.ts'
import { deliver } from './deliver.ts'
import {
  claimDeliveries,
  completeDeliveries,
  type DeliveryResult,
  type EndpointSecrets,
  expandEvents,
  type LeasedDelivery,
} from './queue.ts'
import { secretsFor } from './secrets.ts'

interface SignedDelivery extends LeasedDelivery {
  secrets: EndpointSecrets | undefined
}

const webhooks: Queue<SignedDelivery, DeliveryResult> = {
  name: 'webhooks',
  expand: expandEvents,
  async claim(batch, slowBatch) {
    const leased = await claimDeliveries(batch, slowBatch)
    if (leased.length === 0) return []
    const secrets = await secretsFor(leased)
    return leased.map((delivery) => ({ ...delivery, secrets: secrets.get(delivery.lane_id) }))
  },
  send: ({ secrets, ...delivery }) => deliver(delivery, secrets),
  complete: completeDeliveries,
  laneName: ({ endpoint_ref }) => endpoint_ref,
}

/** Delivers the webhooks that are due. */
export function dispatchWebhooks(limits?: Partial<DispatchLimits>): Promise<DispatchReport> {
  return dispatch(webhooks, limits)
}
