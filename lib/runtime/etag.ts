import { createHash } from 'node:crypto'

/** A strong entity tag for exactly these bytes. */
export function etagOf(body: string): string {
  return `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`
}
