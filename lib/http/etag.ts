const entry = /[ \t]*(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?:,|$)/y

/**
 * Whether If-None-Match says the client holds this version (RFC 9110, 13.1.2: weak comparison).
 * A header that is not a list of entity tags is ignored: the answer is then sent again.
 */
export function ifNoneMatches(ifNoneMatch: string | null | undefined, etag: string): boolean {
  if (ifNoneMatch === null || ifNoneMatch === undefined) return false
  if (ifNoneMatch === etag) return true
  if (ifNoneMatch.trim() === '*') return true
  const wanted = etag.replace(/^W\//, '')
  let isFound = false
  entry.lastIndex = 0
  while (entry.lastIndex < ifNoneMatch.length) {
    const match = entry.exec(ifNoneMatch)
    if (!match) return false
    if (match[1] === wanted) isFound = true
  }
  return isFound
}
