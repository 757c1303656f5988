import type { CleanPicture } from './clean-picture.ts'
import { demand, join, slice, textOf, viewOf } from './parts.ts'

// WebP: https://developers.google.com/speed/webp/docs/riff_container

/** What shows the picture. Left out are Exif, XMP and unknown chunks. */
const kept = new Set(['VP8 ', 'VP8L', 'ALPH', 'ICCP'])
const exifAndXmp = 0b0000_1100
const animation = 0b0000_0010

export function cleanWebp(bytes: Uint8Array): CleanPicture {
  const begins = textOf(bytes.subarray(0, 4)) === 'RIFF' && textOf(bytes.subarray(8, 12)) === 'WEBP'
  demand(begins, 'it does not begin as one')
  const view = viewOf(bytes)
  const end = 8 + view.getUint32(4, true)
  slice(bytes, 0, end)
  const parts: Uint8Array[] = []
  let canvas: Size | undefined
  let size: Size | undefined
  for (let at = 12; at < end; ) {
    const length = view.getUint32(at + 4, true)
    const next = at + 8 + length + (length % 2)
    demand(next <= end, 'a part of it is damaged')
    const chunk = slice(bytes, at, next)
    const type = textOf(chunk.subarray(0, 4))
    if (type === 'VP8X') {
      demand(at === 12 && length === 10, 'its header is damaged')
      demand((chunk[8]! & animation) === 0, 'it is animated')
      canvas = { width: 1 + uint24(chunk, 12), height: 1 + uint24(chunk, 15) }
      const header = chunk.slice()
      header[8]! &= ~exifAndXmp
      parts.push(header)
    }
    if (type === 'VP8 ' || type === 'VP8L') {
      demand(size === undefined, 'it has more than one picture')
      size = type === 'VP8 ' ? sizeOfLossy(chunk.subarray(8)) : sizeOfLossless(chunk.subarray(8))
    }
    if (kept.has(type)) parts.push(chunk)
    at = next
  }
  demand(size !== undefined, 'it has no pixels')
  const { width, height } = size
  demand(!canvas || (canvas.width === width && canvas.height === height), 'its sizes contradict each other')
  const body = join(parts)
  const head = new Uint8Array(12)
  head.set(bytes.subarray(0, 12))
  viewOf(head).setUint32(4, 4 + body.length, true)
  return { bytes: join([head, body]), width, height }
}

interface Size {
  width: number
  height: number
}

const uint24 = (bytes: Uint8Array, at: number) => bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)

/** RFC 6386, 9.1: a key frame, its start code, and 14 bits each. */
function sizeOfLossy(frame: Uint8Array): Size {
  const view = viewOf(frame)
  const isKeyFrame = (view.getUint8(0) & 1) === 0 && uint24(frame, 3) === 0x2a019d
  demand(isKeyFrame, 'its pixels are damaged')
  return { width: view.getUint16(6, true) & 0x3fff, height: view.getUint16(8, true) & 0x3fff }
}

function sizeOfLossless(stream: Uint8Array): Size {
  const view = viewOf(stream)
  const bits = view.getUint32(1, true)
  demand(view.getUint8(0) === 0x2f && bits >>> 29 === 0, 'its pixels are damaged')
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) }
}
