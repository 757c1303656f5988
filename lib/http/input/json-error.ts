const space = /[ \t\n\r]*/y
const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids control characters inside a string.
const text = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y

/**
 * Where a text stops being JSON: the index of the first wrong character, or the text's length if it ends too
 * early. Engines have different messages for this, often without the place. Only called for text that JSON.parse refused, nested no deeper than 64.
 */
export function findJsonError(source: string): number {
  let at = 0

  function skip(pattern: RegExp): boolean {
    pattern.lastIndex = at
    if (!pattern.test(source)) return false
    at = pattern.lastIndex
    return true
  }

  function is(character: string): boolean {
    skip(space)
    if (source[at] !== character) return false
    at++
    return true
  }

  function members(close: string, member: () => boolean): boolean {
    if (is(close)) return true
    do {
      if (!member()) return false
    } while (is(','))
    return is(close)
  }

  function value(): boolean {
    if (is('{')) return members('}', () => is('"') && --at >= 0 && skip(text) && is(':') && value())
    if (is('[')) return members(']', value)
    return skip(text) || skip(scalar)
  }

  if (value()) skip(space)
  if (source[at] === '"') return brokenText(source, at)
  return at
}

/** In a string that does not end properly: its first bad character, or the end of the text. */
function brokenText(source: string, start: number): number {
  const part = new RegExp(text.source.slice(0, -1), 'y')
  part.lastIndex = start
  return part.test(source) ? part.lastIndex : source.length
}
