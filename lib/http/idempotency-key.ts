import type { Context } from 'hono'
import { Problem } from '../db/index.ts'
import { note } from './route-notes.ts'

/** Says that a route takes the header Idempotency-Key: its handler asks idempotencyKeyOf(). */
export const takesIdempotencyKey = note({ takesIdempotencyKey: true })

/**
 * The header Idempotency-Key, if there is one: 1 to 255 ASCII characters, without spaces.
 *
 * @throws Problem 422 invalid_value.
 */
export function idempotencyKeyOf(c: Context): string | undefined {
  const header = c.req.header('idempotency-key')
  if (header === undefined || /^[\x21-\x7e]{1,255}$/.test(header)) return header
  throw new Problem(
    'invalid_value',
    'The header Idempotency-Key must have 1 to 255 ASCII characters, without spaces.',
  )
}
