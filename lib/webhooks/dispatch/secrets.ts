import { LRUCache } from 'lru-cache'
import { type EndpointSecrets, type LeasedDelivery, readEndpointSecrets } from './queue.ts'

/** Secrets are not kept for longer than they are used. */
const trustedForMs = 60_000

const known = new LRUCache<string, EndpointSecrets>({ max: 5_000, ttl: trustedForMs })

/** What each of these is to be signed and sent with, by endpoint. One query for those not remembered. */
export async function secretsFor(deliveries: LeasedDelivery[]): Promise<Map<string, EndpointSecrets>> {
  const found = new Map<string, EndpointSecrets>()
  const missing = new Set<string>()
  for (const { endpoint_id, revision } of deliveries) {
    const secrets = known.get(endpoint_id)
    if (secrets?.revision === revision) found.set(endpoint_id, secrets)
    else missing.add(endpoint_id)
  }
  if (missing.size === 0) return found
  for (const secrets of await readEndpointSecrets([...missing])) {
    // An old secret stops signing at its hour, which changes no revision.
    const goodForMs = secrets.good_until_at ? secrets.good_until_at.getTime() - Date.now() : trustedForMs
    if (goodForMs > 0) known.set(secrets.endpoint_id, secrets, { ttl: Math.min(goodForMs, trustedForMs) })
    found.set(secrets.endpoint_id, secrets)
  }
  return found
}
