import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Problem } from '../../lib/db/index.ts'
import { cleanPicture, type PictureType, pictureTypes } from '../../lib/storage/index.ts'
import {
  bytesOf,
  concat,
  exif,
  jpegSegment,
  jpegWith,
  losslessWebp,
  pngChunk,
  pngOfSize,
  pngWith,
  samples,
  webpWith,
} from './samples.ts'

const has = (bytes: Uint8Array, text: string) => Buffer.from(bytes).includes(Buffer.from(text, 'latin1'))

/** What a refusal says. */
function refusal(bytes: Uint8Array, type: PictureType): string | undefined {
  try {
    cleanPicture(bytes, type)
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown
    expect(thrown.code).toBe('invalid_file')
    return thrown.detail
  }
}

describe.each(pictureTypes)('%s', (type) => {
  const sample = samples[type]

  it('is measured, and what was clean stays as it is', () => {
    const { bytes, width, height } = cleanPicture(sample, type)
    expect([width, height]).toEqual([24, 16])
    expect(cleanPicture(bytes, type).bytes).toEqual(bytes)
    expect(bytes).toEqual(sample)
  })

  it('loses whatever stands behind its end', () => {
    for (const tail of ['PK\u0003\u0004 a zip', '<script>alert(1)</script>', '\0', 'x'.repeat(1_000)])
      expect(cleanPicture(concat(sample, bytesOf(tail)), type).bytes).toEqual(sample)
  })

  it('is refused wherever it is cut off', () => {
    for (let length = 0; length < sample.length; length++)
      expect(refusal(sample.subarray(0, length), type), String(length)).toBeDefined()
  })

  it('is refused, or is still a picture, whatever becomes of its bytes', () => {
    const change = fc.record({ at: fc.nat(sample.length - 1), to: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const bytes = sample.slice()
        for (const { at, to } of changes) bytes[at] = to
        if (refusal(bytes, type) === undefined) expect(cleanPicture(bytes, type).width).toBeGreaterThan(15)
      }),
      { numRuns: 500 },
    )
    fc.assert(fc.property(fc.uint8Array(), (bytes) => refusal(bytes, type) !== undefined))
  })

  it.each([
    ['nothing', ''],
    ['HTML', '<!doctype html><script>alert(1)</script>'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
    ['a GIF', `GIF89a${'\0'.repeat(100)}`],
    ['a PDF', '%PDF-1.7 and so on'],
  ])('is not %s', (_what, text) => {
    expect(refusal(bytesOf(text), type)).toContain(`no `)
  })

  it.each(pictureTypes.filter((each) => each !== type))('is not %s under its name', (other) => {
    expect(refusal(samples[other], type)).toBe(
      `The file is no picture of the type ${type}: it does not begin as one.`,
    )
  })
})

describe('a PNG', () => {
  it('loses texts, times, Exif, private parts and the frames of an animation', () => {
    const bytes = pngWith(
      pngChunk('tEXt', 'Author\0Somebody'),
      pngChunk('iTXt', 'XML:com.adobe.xmp\0\0\0\0\0<x/>'),
      pngChunk('eXIf', exif(6).subarray(6)),
      pngChunk('tIME', '1234567'),
      pngChunk('acTL', '12345678'),
      pngChunk('prVt', '<script>'),
    )
    expect(cleanPicture(bytes, 'image/png').bytes).toEqual(samples['image/png'])
  })
  it('keeps what belongs to its colours', () => {
    const bytes = pngWith(
      pngChunk('gAMA', '\0\0\u00b1\u008f'),
      pngChunk('pHYs', '\0\0\u000b\u0013\0\0\u000b\u0013\u0001'),
    )
    expect(cleanPicture(bytes, 'image/png').bytes).toEqual(bytes)
  })
  it.each([
    ['a part that nobody knows', pngWith(pngChunk('EVIL', 'x')), 'a part that nobody knows'],
    ['a second header', pngWith(samples['image/png'].subarray(8, 33)), 'not in its place'],
    [
      'a checksum that is wrong',
      pngWith(concat(pngChunk('tEXt', 'a\0b').slice(0, -1), bytesOf('!'))),
      'damaged',
    ],
    ['no pixels', concat(samples['image/png'].subarray(0, 33), pngChunk('IEND', '')), 'no pixels'],
    ['no width', pngOfSize(0, 16), '0 x 16'],
    ['15 pixels', pngOfSize(24, 15), '24 x 15'],
    ['4097 pixels', pngOfSize(4_097, 16), '4097 x 16'],
    ['as many as a number can say', pngOfSize(0xffffffff, 0xffffffff), '4294967295'],
  ])('with %s is refused', (_what, bytes, why) => {
    expect(refusal(bytes, 'image/png')).toContain(why)
  })
  it('has 4096 pixels at most', () => {
    expect(refusal(pngOfSize(4_096, 4_096), 'image/png')).toBeUndefined()
  })
})

describe('a JPEG', () => {
  it.each(['II', 'MM'] as const)(
    'of a camera (%s) keeps which way is up, and not where it was taken',
    (order) => {
      const photo = jpegWith(
        jpegSegment(0xe1, exif(6, order)),
        jpegSegment(0xe1, 'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>'),
        jpegSegment(0xed, 'Photoshop 3.0\0Somebody'),
        jpegSegment(0xe2, 'MPF\0another picture'),
        jpegSegment(0xfe, '<script>alert(1)</script>'),
      )
      const { bytes } = cleanPicture(photo, 'image/jpeg')
      for (const text of ['47 deg', 'xap', 'Somebody', 'MPF', '<script>'])
        expect(has(bytes, text), text).toBe(false)
      expect(bytes.length).toBe(samples['image/jpeg'].length + 36)
      expect(has(bytes, 'Exif\0\0MM')).toBe(true)
      // Read again, it says the same.
      expect(cleanPicture(bytes, 'image/jpeg').bytes).toEqual(bytes)
    },
  )
  it.each([
    ['the right way up', exif(1)],
    ['a direction that is none', exif(9)],
    ['damaged Exif data', exif(6).subarray(0, 20)],
    ['Exif data that lead nowhere', bytesOf('Exif\0\0II*\0\u00ff\u00ff\u00ff\u007f')],
  ])('with %s has no Exif data left', (_what, data) => {
    expect(cleanPicture(jpegWith(jpegSegment(0xe1, data)), 'image/jpeg').bytes).toEqual(samples['image/jpeg'])
  })
  it('with two headers is refused', () => {
    const at = Buffer.from(samples['image/jpeg']).indexOf(Buffer.from([0xff, 0xc0]))
    const header = samples['image/jpeg'].subarray(at, at + 19)
    expect(refusal(jpegWith(header), 'image/jpeg')).toContain('its header is damaged')
  })
})

describe('a WebP', () => {
  it('loses Exif, XMP and parts that nobody knows', () => {
    for (const part of ['EXIF', 'XMP ', 'EVIL'])
      expect(cleanPicture(webpWith(part, 'Somebody'), 'image/webp').bytes, part).toEqual(
        samples['image/webp'],
      )
  })
  it('may be lossless', () => {
    expect(cleanPicture(losslessWebp, 'image/webp')).toMatchObject({ width: 24, height: 16 })
  })
  it('that is animated is refused, and one that contradicts itself', () => {
    const animated = samples['image/webp'].slice()
    animated[20]! |= 0b10
    expect(refusal(animated, 'image/webp')).toContain('animated')
    const wide = samples['image/webp'].slice()
    wide[24] = 99
    expect(refusal(wide, 'image/webp')).toContain('contradict')
  })
})
