import type { PolledMessage } from '../../../api/webhooks.ts'

/** As much of a message as a receiver verifies. */
export type Signed = Pick<PolledMessage, 'headers' | 'payload'>

/** `untimely`: the moment of signing is too far away. `forged`: no signature fits what arrived, or there is none. */
export type Verdict = 'right' | 'untimely' | 'forged'

const toleranceSeconds = 300

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))

/**
 * What a receiver does, by Standard Webhooks: the timestamp is at most five minutes away, and one of the signatures is the
 * HMAC of the id, the timestamp and the exact body. A secret and a signature are base64 behind their prefixes.
 */
export async function verify(
  secret: string,
  { headers, payload }: Signed,
  now = new Date(),
): Promise<Verdict> {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures = '' } = headers
  // What is not a number is not near either.
  const secondsAway = Math.abs(now.getTime() / 1_000 - Number(timestamp))
  if (!(secondsAway <= toleranceSeconds)) return 'untimely'
  const key = await crypto.subtle.importKey(
    'raw',
    bytesOf(secret.replace(/^whsec_/, '')),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['verify'],
  )
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${payload}`)
  for (const each of signatures.split(' ')) {
    const [version, signature = ''] = each.split(',')
    if (version === 'v1' && (await fits(key, signature, signed))) return 'right'
  }
  return 'forged'
}

async function fits(key: CryptoKey, signature: string, signed: BufferSource): Promise<boolean> {
  try {
    return await crypto.subtle.verify('HMAC', key, bytesOf(signature), signed)
  } catch {
    // It was not even base64.
    return false
  }
}
