import { Buffer } from 'node:buffer'

/** Whether bytes carry this HMAC. verify() compares in constant time. */
export async function isHmac(
  hash: 'SHA-1' | 'SHA-256',
  secret: string,
  signed: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const bytes = new TextEncoder().encode(secret)
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash }, false, ['verify'])
  return crypto.subtle.verify(
    'HMAC',
    key,
    signature as Uint8Array<ArrayBuffer>,
    signed as Uint8Array<ArrayBuffer>,
  )
}

/** Bytes of base64. Empty for anything else, which no signature is. */
export function fromBase64(text: string): Uint8Array {
  if (text.length > 4_096 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return new Uint8Array()
  return new Uint8Array(Buffer.from(text, 'base64'))
}

/** A signature of a curve of 256 bits in DER, as the two numbers that WebCrypto takes. Undefined if it is none. */
export function fromDer(der: Uint8Array): Uint8Array | undefined {
  if (der.length < 8 || der.length > 72 || der[0] !== 0x30 || der[1] !== der.length - 2) return undefined
  const raw = new Uint8Array(64)
  let at = 2
  for (const end of [32, 64]) {
    const length = der[at + 1] ?? 0
    if (der[at] !== 0x02 || length === 0 || at + 2 + length > der.length) return undefined
    let number = der.subarray(at + 2, at + 2 + length)
    if (number.length === 33 && number[0] === 0) number = number.subarray(1)
    if (number.length > 32) return undefined
    raw.set(number, end - number.length)
    at += 2 + length
  }
  return at === der.length ? raw : undefined
}
