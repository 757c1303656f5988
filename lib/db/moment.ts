import { z } from 'zod'

/**
 * A moment in an answer: RFC 3339, in UTC, to the millisecond, such as 2026-01-31T09:30:00.000Z. Queries answer
 * Dates, which JSON.stringify() writes in exactly this form.
 */
export const moment = z
  .union([z.iso.datetime({ precision: 3 }), z.date()])
  .meta({ description: 'RFC 3339, in UTC, to the millisecond.' })

/** A moment in a request: RFC 3339 with any offset and any precision. */
export const offsetMoment = z.iso.datetime({ offset: true })
