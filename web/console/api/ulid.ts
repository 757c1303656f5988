const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A ref_id of our own: the time, and 80 random bits. Something that is made with it is made once, however often it is sent. */
export function ulid(): string {
  let time = Date.now()
  let text = ''
  for (let at = 0; at < 10; at++) {
    text = digits[time % 32] + text
    time = Math.floor(time / 32)
  }
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) text += digits[byte % 32]
  return text
}
