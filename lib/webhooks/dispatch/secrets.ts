import { LRUCache } from 'lru-cache'
import { type EndpointSecrets, type LeasedDelivery, readEndpointSecrets } from './queue.ts'

/** Secrets are dropped from memory when they are no longer used. */
const trustedForMs = 60_000

const known = new LRUCache<string, EndpointSecrets>({ max: 5_000, ttl: trustedForMs })

/** The secrets and headers of each of these, by endpoint. One query fetches those that are not in memory. */
export async function secretsFor(deliveries: LeasedDelivery[]): Promise<Map<string, EndpointSecrets>> {
  const found = new Map<string, EndpointSecrets>()
  const missing = new Set<string>()
  for (const { lane_id, revision } of deliveries) {
    const secrets = known.get(lane_id)
    if (secrets?.revision === revision) found.set(lane_id, secrets)
    else missing.add(lane_id)
  }
  if (missing.size === 0) return found
  for (const secrets of await readEndpointSecrets([...missing])) {
    // An old secret stops signing at its moment, and the revision stays the same.
    const goodForMs = secrets.good_until_at ? secrets.good_until_at.getTime() - Date.now() : trustedForMs
    if (goodForMs > 0) known.set(secrets.endpoint_id, secrets, { ttl: Math.min(goodForMs, trustedForMs) })
    found.set(secrets.endpoint_id, secrets)
  }
  return found
}
