import { Problem } from '../../db/index.ts'
import { cleanJpeg } from './jpeg.ts'
import { NotThisPicture } from './parts.ts'
import { cleanPng } from './png.ts'
import { cleanWebp } from './webp.ts'

/** A picture without what belongs to no picture. */
export interface CleanPicture {
  bytes: Uint8Array
  width: number
  height: number
}

export const pictureTypes = ['image/png', 'image/jpeg', 'image/webp'] as const
export type PictureType = (typeof pictureTypes)[number]

const cleaners: Record<PictureType, (bytes: Uint8Array) => CleanPicture> = {
  'image/png': cleanPng,
  'image/jpeg': cleanJpeg,
  'image/webp': cleanWebp,
}

const smallest = 16
const largest = 4_096

/**
 * Reads a picture part by part and writes it anew with the parts that show it: pixels, colours, and which way is up.
 * Everything else is left out, such as where a photo was taken, and whatever stands behind its end. The pixels stay as
 * they are. 422 invalid_file for what is no picture of the stated type, or is too small or too large.
 */
export function cleanPicture(bytes: Uint8Array, type: PictureType): CleanPicture {
  const picture = clean(bytes, type)
  const { width, height } = picture
  if (Math.min(width, height) >= smallest && Math.max(width, height) <= largest) return picture
  throw invalid(
    `The picture has ${width} x ${height} pixels. Each side must have ${smallest} to ${largest} pixels.`,
  )
}

function clean(bytes: Uint8Array, type: PictureType): CleanPicture {
  try {
    return cleaners[type](bytes)
  } catch (thrown) {
    // Read past its end.
    if (thrown instanceof RangeError) throw invalid(`The file is no whole picture of the type ${type}.`)
    if (thrown instanceof NotThisPicture)
      throw invalid(`The file is no picture of the type ${type}: ${thrown.message}.`)
    throw thrown
  }
}

const invalid = (detail: string) => new Problem('invalid_file', detail)
