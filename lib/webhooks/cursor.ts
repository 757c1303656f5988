import { z } from 'zod'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** The cursor of the page that follows a row, made of the ids that the list is sorted by. It is opaque: its content may change. */
export function cursorAfter(...ids: string[]): string {
  const hex = ids.map((id) => id.replaceAll('-', '')).join('')
  return btoa(String.fromCharCode(...(hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16))))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** A query parameter that holds a cursor of this many ids. */
export const cursorOf = (count: 1 | 2) =>
  z
    .string()
    .max(64)
    .transform((cursor, context) => {
      const ids = decode(cursor)
      if (ids.length === count && ids.every((id) => uuid.test(id))) return ids
      context.addIssue('must be what "next" held')
      return z.NEVER
    })
    .optional()

function decode(cursor: string): string[] {
  let bytes: string
  try {
    bytes = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))
  } catch {
    return []
  }
  const hex = Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')
  return (hex.match(/.{1,32}/g) ?? []).map((id) =>
    id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  )
}
