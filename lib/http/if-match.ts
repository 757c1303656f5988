import type { Context } from 'hono'
import { Problem } from '../db/index.ts'

/**
 * The version that a change says it changes, in If-Match. 428 if_match_required if it names none: "*" would let two editors
 * overwrite each other.
 */
export function requireVersion(c: Context): number {
  const found = /^\s*"(\d{1,9})(?:\.[0-9a-f]{32})?"\s*$/.exec(c.req.header('if-match') ?? '')
  if (found) return Number(found[1])
  throw new Problem(
    'if_match_required',
    'Send the ETag that you read as If-Match, such as "3" with its quotes.',
  )
}
