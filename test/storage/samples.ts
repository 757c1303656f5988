import { crc32 } from 'node:zlib'

const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))

/** Pictures of 24 x 16 pixels, as a browser writes them. */
export const samples = {
  'image/png': fromBase64(
    'iVBORw0KGgoAAAANSUhEUgAAABgAAAAQCAYAAAAMJL+VAAAATUlEQVR4AezRsQ0AIAgEQMIglnaO4CIO5EKu4RJOgj0U5Au6N/lCQiA5dKxpSE5vhkSl+HFBCkyinGjfJ0jSia6BN3Ag8UuiaOIq5UQfAAD//2TzyB4AAAAGSURBVAMAEhRHMbm7Ji4AAAAASUVORK5CYII=',
  ),
  'image/jpeg': fromBase64(
    '/9j/4AAQSkZJRgABAQAAAQABAAD/4gHYSUNDX1BST0ZJTEUAAQEAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAAAABhY3NwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAAABR3dHB0AAABUAAAABRyVFJDAAABZAAAAChnVFJDAAABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAAAAAAACSgAAAPhAAAts9YWVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAPKnAAANWQAAE9AAAApbAAAAAAAAAABtbHVjAAAAAAAAAAEAAAAMZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADb/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAARCAAQABgDASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAAIG/8QAFhABAQEAAAAAAAAAAAAAAAAAAAJB/8QAFgEBAQEAAAAAAAAAAAAAAAAABQME/8QAHhEAAgIABwAAAAAAAAAAAAAAABEBAwIEBRITYeH/2gAMAwEAAhEDEQA/AM6qdUMeKxwkK5fTeGyLNzXXoATFD//Z',
  ),
  'image/webp': fromBase64(
    'UklGRiQCAABXRUJQVlA4WAoAAAAgAAAAFwAADwAASUNDUMgBAAAAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAAAABhY3NwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAAABR3dHB0AAABUAAAABRyVFJDAAABZAAAAChnVFJDAAABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAAAAAAACSgAAAPhAAAts9YWVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAPKnAAANWQAAE9AAAApbAAAAAAAAAABtbHVjAAAAAAAAAAEAAAAMZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADZWUDggNgAAANACAJ0BKhgAEAA+0VSjS6gkoyGwCAEAGglAE6AGEkwA/utEAhGsC7jEz55r+Df/LlddUyigAA==',
  ),
}
export const losslessWebp = fromBase64(
  'UklGRhACAABXRUJQVlA4WAoAAAAgAAAAFwAADwAASUNDUMgBAAAAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAAAABhY3NwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAAABR3dHB0AAABUAAAABRyVFJDAAABZAAAAChnVFJDAAABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAAAAAAACSgAAAPhAAAts9YWVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAPKnAAANWQAAE9AAAApbAAAAAAAAAABtbHVjAAAAAAAAAAEAAAAMZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADZWUDhMIgAAAC8XwAMAD3At5rcYvid8/gMPhNlG86c9g34PIaL/0ZwAAAA=',
)

export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
export const concat = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

/** A part of a PNG. */
export function pngChunk(type: string, content: string | Uint8Array): Uint8Array {
  const body = concat(bytesOf(type), typeof content === 'string' ? bytesOf(content) : content)
  const chunk = Buffer.alloc(body.length + 8)
  chunk.writeUInt32BE(body.length - 4)
  chunk.set(body, 4)
  chunk.writeUInt32BE(crc32(Buffer.from(body)), body.length + 4)
  return new Uint8Array(chunk)
}

/** A PNG with these parts behind its header. Its signature and header have 33 bytes. */
export const pngWith = (...chunks: Uint8Array[]): Uint8Array =>
  concat(samples['image/png'].subarray(0, 33), ...chunks, samples['image/png'].subarray(33))

/** A PNG that says it has this size. */
export function pngOfSize(width: number, height: number): Uint8Array {
  const header = Buffer.from(samples['image/png'].subarray(16, 29))
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  return concat(
    samples['image/png'].subarray(0, 8),
    pngChunk('IHDR', new Uint8Array(header)),
    samples['image/png'].subarray(33),
  )
}

/** A part of a JPEG. */
export function jpegSegment(marker: number, content: string | Uint8Array): Uint8Array {
  const body = typeof content === 'string' ? bytesOf(content) : content
  return concat(Uint8Array.of(0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 0xff), body)
}

/** A JPEG with these parts behind its first two bytes. */
export const jpegWith = (...segments: Uint8Array[]): Uint8Array =>
  concat(samples['image/jpeg'].subarray(0, 2), ...segments, samples['image/jpeg'].subarray(2))

/** Exif data of a camera: which way is up, and where the photo was taken. */
export function exif(orientation: number, order: 'II' | 'MM' = 'II'): Uint8Array {
  const tiff = Buffer.alloc(38)
  const is = order === 'II'
  const put = (at: number, value: number, size: 2 | 4) =>
    is ? tiff.writeUIntLE(value, at, size) : tiff.writeUIntBE(value, at, size)
  tiff.write(order, 0, 'latin1')
  put(2, 42, 2)
  put(4, 8, 4)
  put(8, 2, 2)
  // GPSInfo, then Orientation.
  for (const [at, tag, kind, value] of [
    [10, 0x8825, 4, 38],
    [22, 0x0112, 3, orientation],
  ] as const) {
    put(at, tag, 2)
    put(at + 2, kind, 2)
    put(at + 4, 1, 4)
    put(at + 8, value, kind === 4 ? 4 : 2)
  }
  return concat(bytesOf('Exif\0\0'), new Uint8Array(tiff), bytesOf('47 deg 22 min N'))
}

/** A WebP with this part at its end. */
export function webpWith(type: string, content: string): Uint8Array {
  const body = bytesOf(content.length % 2 ? `${content}\0` : content)
  const head = Buffer.alloc(8)
  head.write(type, 0, 'latin1')
  head.writeUInt32LE(content.length, 4)
  const whole = Buffer.from(concat(samples['image/webp'], new Uint8Array(head), body))
  whole.writeUInt32LE(whole.length - 8, 4)
  // The header says that there are Exif and XMP.
  whole[20]! |= 0b1100
  return new Uint8Array(whole)
}
