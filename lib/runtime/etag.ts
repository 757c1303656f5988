import { createHash } from 'node:crypto'

/** A strong entity tag for exactly these bytes. */
export function etagOf(body: string): string {
  return `"${digestOf(body)}"`
}

/**
 * A strong entity tag of a version that people change, for If-Match. With `body` it also tells apart two answers about one
 * version, of which one names something that changed elsewhere.
 */
export function versionTag(version: number, body?: string): string {
  return body === undefined ? `"${version}"` : `"${version}.${digestOf(body)}"`
}

const digestOf = (body: string) => createHash('sha256').update(body).digest('hex').slice(0, 32)
