import { randomBytes } from 'node:crypto'

/**
 * An API key, `tk_live_<8><43><6>`, all base62:
 * - 8 random characters for people to tell keys apart (the prefix of requirement document 003). They are not part of the secret;
 * - 43 characters: 32 random bytes as one number. It fits into 43 digits of base 62 (62^43 > 2^256);
 * - 6 characters: CRC-32 of everything before. It refuses every key with one changed character or two
 *   swapped ones, without a query. It proves nothing.
 */
export const keyMark = 'tk_live_'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const shape = /^tk_live_([0-9A-Za-z]{8})([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/

/** The prefix of a complete key, or null for any other text. Makes no query. */
export function parseApiKey(text: string): { prefix: string } | null {
  const parts = shape.exec(text)
  if (!parts) return null
  return parts[3] === checksum(text.slice(0, -6)) ? { prefix: parts[1] as string } : null
}

/** A new random key. */
export function generateApiKey(): { key: string; prefix: string } {
  const prefix = Array.from(randomBytes(256))
    // 248 is the last multiple of 62 below 256. Bytes from 248 on are dropped, so each character is equally likely.
    .filter((byte) => byte < 248)
    .slice(0, 8)
    .map((byte) => alphabet[byte % 62])
    .join('')
  const secret = base62(BigInt(`0x${randomBytes(32).toString('hex')}`), 43)
  const body = `${keyMark}${prefix}${secret}`
  return { key: `${body}${checksum(body)}`, prefix }
}

function base62(number: bigint, length: number): string {
  let rest = number
  let digits = ''
  for (; digits.length < length; rest /= 62n) digits = alphabet[Number(rest % 62n)] + digits
  return digits
}

/** CRC-32 (IEEE 802.3) in six digits. */
export function checksum(text: string): string {
  let crc = 0xffffffff
  for (let at = 0; at < text.length; at++) {
    crc = (table[(crc ^ text.charCodeAt(at)) & 0xff] as number) ^ (crc >>> 8)
  }
  let rest = (crc ^ 0xffffffff) >>> 0
  let digits = ''
  for (; digits.length < 6; rest = Math.floor(rest / 62)) digits = alphabet[rest % 62] + digits
  return digits
}

const table = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc >>> 0
})
