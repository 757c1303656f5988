/** How old a signature of Stripe may be, in seconds: its own libraries' number. */
const stripeToleranceSeconds = 300

/** More than any rotation needs. Without a bound, a header would decide how much work it costs. */
const mostSignatures = 20

/**
 * Whether a body carries Razorpay's signature (header x-razorpay-signature): HMAC-SHA256 over the raw bytes, in
 * lowercase hexadecimal. Any of the secrets may have signed. Source: razorpay.com/docs/webhooks/validate-test.
 */
export function verifyRazorpay(
  body: Uint8Array,
  signature: string | undefined,
  secrets: string[],
): Promise<boolean> {
  return isSignedByAny(secrets, body, [signature ?? ''])
}

/**
 * Whether a body carries Stripe's signature (header stripe-signature: t=<seconds>,v1=<hex>[,v1=<hex>…]): HMAC-SHA256
 * over "<seconds>.<body>", at most 300 seconds old. Other schemes than v1 are passed over.
 * Source: docs.stripe.com/webhooks/signature.
 */
export async function verifyStripe(
  body: Uint8Array,
  header: string | undefined,
  secrets: string[],
  nowMs: number = Date.now(),
): Promise<boolean> {
  let seconds: string | undefined
  const signatures: string[] = []
  for (const part of (header ?? '').slice(0, 4_096).split(',')) {
    const [name, value = ''] = part.split('=')
    if (name === 't') seconds = value
    else if (name === 'v1' && signatures.length < mostSignatures) signatures.push(value)
  }
  if (seconds === undefined || !/^\d{1,12}$/.test(seconds)) return false
  const prefix = new TextEncoder().encode(`${Number(seconds)}.`)
  const signed = new Uint8Array(prefix.length + body.length)
  signed.set(prefix)
  signed.set(body, prefix.length)
  const isRecent = Math.floor(nowMs / 1_000) - Number(seconds) <= stripeToleranceSeconds
  return (await isSignedByAny(secrets, signed, signatures)) && isRecent
}

async function isSignedByAny(secrets: string[], signed: Uint8Array, signatures: string[]): Promise<boolean> {
  const given = signatures.map(bytesOf).filter((bytes) => bytes !== undefined)
  let isGood = false
  for (const secret of secrets) {
    const key = await crypto.subtle.importKey(
      'raw',
      new TextEncoder().encode(secret),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['verify'],
    )
    // verify() compares in constant time, and none is left out once one was right.
    for (const signature of given)
      if (await crypto.subtle.verify('HMAC', key, signature, signed as Uint8Array<ArrayBuffer>)) isGood = true
  }
  return isGood
}

/** The 32 bytes of a signature in lowercase hexadecimal, as both providers write it. */
function bytesOf(hex: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[0-9a-f]{64}$/.test(hex)) return undefined
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
