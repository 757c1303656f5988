import type { CleanPicture } from './clean-picture.ts'
import { demand, join, slice, textOf, viewOf } from './parts.ts'

// JPEG, ITU-T T.81: https://www.w3.org/Graphics/JPEG/itu-t81.pdf

const startOfImage = 0xd8
const endOfImage = 0xd9
const startOfScan = 0xda
/** Tables: DHT, DAC, DQT, DNL, DRI. */
const tables = new Set([0xc4, 0xcc, 0xdb, 0xdc, 0xdd])
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)

export function cleanJpeg(bytes: Uint8Array): CleanPicture {
  demand(bytes[0] === 0xff && bytes[1] === startOfImage, 'it does not begin as one')
  const view = viewOf(bytes)
  const parts: Uint8Array[] = []
  let size: { width: number; height: number } | undefined
  let turned: Uint8Array | undefined
  let hasPixels = false
  for (let at = 2; ; ) {
    demand(view.getUint8(at) === 0xff, 'a part of it is damaged')
    const marker = view.getUint8(at + 1)
    if (marker === 0xff) {
      // Filling.
      at++
      continue
    }
    if (marker === endOfImage) break
    const end = at + 2 + view.getUint16(at + 2)
    const segment = slice(bytes, at, end)
    demand(segment.length >= 4, 'a part of it is damaged')
    if (isFrame(marker)) {
      demand(size === undefined && segment.length >= 11, 'its header is damaged')
      size = { height: view.getUint16(at + 5), width: view.getUint16(at + 7) }
    }
    if (marker === 0xe1) turned ??= onlyOrientation(segment)
    if (isFrame(marker) || tables.has(marker) || isOfColours(marker, segment)) parts.push(segment)
    at = end
    if (marker === startOfScan) {
      demand(size !== undefined, 'its pixels come before its header')
      const next = endOfScan(bytes, end)
      parts.push(segment, bytes.subarray(end, next))
      hasPixels = true
      at = next
    }
  }
  demand(size !== undefined && hasPixels, 'it has no pixels')
  const start = Uint8Array.of(0xff, startOfImage)
  return {
    bytes: join([start, ...(turned ? [turned] : []), ...parts, Uint8Array.of(0xff, endOfImage)]),
    ...size,
  }
}

/** JFIF without a thumbnail, the ICC profile, and Adobe's mark of how colours are coded. */
function isOfColours(marker: number, segment: Uint8Array): boolean {
  const begins = (name: string) => textOf(segment.subarray(4, 4 + name.length)) === name
  if (marker === 0xe0) return begins('JFIF\0') && segment.length === 18
  if (marker === 0xe2) return begins('ICC_PROFILE\0')
  return marker === 0xee && begins('Adobe') && segment.length === 16
}

/** Pixels go on to the next marker. A 0xff among them is followed by 0, or is a restart marker. */
function endOfScan(bytes: Uint8Array, from: number): number {
  for (let at = from; ; at++) {
    at = bytes.indexOf(0xff, at)
    if (at < 0 || at + 1 >= bytes.length) throw new RangeError('The file ends too early.')
    const next = bytes[at + 1]!
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at
  }
}

/** A photo of a phone lies on its side without this tag of its Exif data. Nothing else of them is kept. */
function onlyOrientation(segment: Uint8Array): Uint8Array | undefined {
  if (textOf(segment.subarray(4, 10)) !== 'Exif\0\0') return undefined
  const orientation = readOrientation(segment.subarray(10))
  if (orientation === undefined) return undefined
  return Uint8Array.of(
    ...[0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0], // Exif
    ...[0x4d, 0x4d, 0, 42, 0, 0, 0, 8], // most significant byte first; the directory follows
    ...[0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0], // one entry
    ...[0, 0, 0, 0], // and no other directory
  )
}

function readOrientation(tiff: Uint8Array): number | undefined {
  const view = viewOf(tiff)
  try {
    const isLittle = textOf(tiff.subarray(0, 2)) === 'II'
    const directory = view.getUint32(4, isLittle)
    const entries = view.getUint16(directory, isLittle)
    for (let n = 0; n < entries; n++) {
      const at = directory + 2 + n * 12
      if (view.getUint16(at, isLittle) !== 0x0112) continue
      const value = view.getUint16(at + 8, isLittle)
      return value >= 2 && value <= 8 ? value : undefined
    }
  } catch (thrown) {
    // Damaged Exif data are no reason to refuse a photo: they are left out.
    if (!(thrown instanceof RangeError)) throw thrown
  }
  return undefined
}
