import type { CleanPicture } from './clean-picture.ts'
import { demand, join, slice, textOf, viewOf } from './parts.ts'

// PNG, third edition: https://www.w3.org/TR/png-3/

const signature = '\x89PNG\r\n\x1a\n'
/** What shows the picture. Left out are texts, times, Exif, private chunks, and the frames of an animation. */
const kept = new Set('IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP bKGD pHYs'.split(' '))
const critical = new Set(['IHDR', 'PLTE', 'IDAT', 'IEND'])
/** The bit depths of each colour type. */
const depths: Record<number, number[]> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
}

export function cleanPng(bytes: Uint8Array): CleanPicture {
  demand(textOf(bytes.subarray(0, 8)) === signature, 'it does not begin as one')
  const view = viewOf(bytes)
  const parts = [bytes.subarray(0, 8)]
  const seen: string[] = []
  for (let at = 8; seen.at(-1) !== 'IEND'; ) {
    const end = at + 12 + view.getUint32(at)
    const chunk = slice(bytes, at, end)
    const type = textOf(chunk.subarray(4, 8))
    demand(view.getUint32(end - 4) === crc32(chunk.subarray(4, -4)), 'a part of it is damaged')
    demand((type === 'IHDR') === (seen.length === 0), 'its header is not in its place')
    demand(/^[a-z]/.test(type) || critical.has(type), 'it has a part that nobody knows')
    if (kept.has(type)) parts.push(chunk)
    seen.push(type)
    at = end
  }
  demand(seen.includes('IDAT'), 'it has no pixels')
  demand(view.getUint32(8) === 13, 'its header is damaged')
  demand(depths[bytes[25]!]?.includes(bytes[24]!) ?? false, 'its header is damaged')
  return { bytes: join(parts), width: view.getUint32(16), height: view.getUint32(20) }
}

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let sum = n
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? 0xedb88320 ^ (sum >>> 1) : sum >>> 1
  return sum
})

function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff
  for (const byte of bytes) sum = table[(sum ^ byte) & 0xff]! ^ (sum >>> 8)
  return (sum ^ 0xffffffff) >>> 0
}
