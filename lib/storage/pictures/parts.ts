export const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** The bytes from here to there. Throws a RangeError if there are fewer. */
export function slice(bytes: Uint8Array, from: number, to: number): Uint8Array {
  if (to > bytes.length) throw new RangeError('The file ends too early.')
  return bytes.subarray(from, to)
}

/** Bytes as characters of one byte each, for comparing. */
export const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes)

export function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Why the bytes are no picture of their type. */
export class NotThisPicture extends Error {
  override name = 'NotThisPicture'
}

export function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new NotThisPicture(otherwise)
}
