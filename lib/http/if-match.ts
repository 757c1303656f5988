import type { Context } from 'hono'
import { Problem } from '../db/index.ts'

/**
 * The version that a change says it changes, in If-Match. 428 if_match_required if it names none: "*" would let two editors
 * overwrite each other.
 */
export function requireVersion(c: Context): number {
  return Number(requireTag(c, /^(\d{1,9})(?:\.[0-9a-f]{32})?$/, 'such as "3" with its quotes'))
}

/** What If-Match names, without its quotes: the part in parentheses of a tag of this form. 428 if_match_required. */
export function requireTag(c: Context, form: RegExp, example: string): string {
  const [, tag] = /^\s*"([^"]*)"\s*$/.exec(c.req.header('if-match') ?? '') ?? []
  const found = tag === undefined ? undefined : form.exec(tag)?.[1]
  if (found !== undefined) return found
  throw new Problem('if_match_required', `Send the ETag that you read as If-Match, ${example}.`)
}
