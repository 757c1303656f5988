import { createHmac, randomBytes } from 'node:crypto'

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const stepSeconds = 30

/** 160 bits in base32, as authenticator apps take them. */
export function newSecret(): string {
  let secret = ''
  let bits = BigInt(`0x${randomBytes(20).toString('hex')}`)
  for (let place = 0; place < 32; place++, bits /= 32n) secret += letters[Number(bits % 32n)]
  return secret
}

/** The code of six digits that an app shows at a moment (RFC 6238 with SHA-1). */
export function codeAt(secret: string, milliseconds: number): string {
  let bits = 0n
  for (const letter of secret) bits = bits * 32n + BigInt(letters.indexOf(letter))
  const key = Buffer.from(bits.toString(16).padStart(40, '0'), 'hex')
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(milliseconds / 1000 / stepSeconds)))
  const digest = createHmac('sha1', key).update(counter).digest()
  const offset = digest.readUInt8(19) & 15
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** Whether it is the code of this moment, or of the one before or after: clocks differ. */
export function isCode(secret: string, code: string, now = Date.now()): boolean {
  return [-1, 0, 1].some((step) => codeAt(secret, now + step * stepSeconds * 1000) === code)
}
