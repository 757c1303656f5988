import type { Invitee } from '../../api/campaigns.ts'

/** Somebody to invite, and the line on which they stand, counted from 1. */
export interface Line {
  line: number
  person: Invitee | null
}

/**
 * Who stands in a text, a person a line: `ada@example.com`, `Ada Example <ada@example.com>`, or the two with a comma, a
 * semicolon or a tab between them, as spreadsheets copy them. Null where a line has no address.
 */
export function peopleIn(text: string): Line[] {
  return text
    .split(/\r\n|\n|\r/)
    .map((each, at) => ({ line: at + 1, text: each.trim() }))
    .filter((each) => each.text !== '')
    .map(({ line, text: each }) => ({ line, person: personIn(each) }))
}

function personIn(text: string): Invitee | null {
  const email = /[^\s<>,;"]+@[^\s<>,;"]+/.exec(text)?.[0]
  if (!email) return null
  const full_name = text
    .replace(email, ' ')
    .replace(/[<>,;"\t]+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return { email, ...(full_name && { full_name }) }
}
