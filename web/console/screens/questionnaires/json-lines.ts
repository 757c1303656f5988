import { pointerOf } from './flat.ts'

/** What a text of JSON holds, and in which line each of its values begins. Or the line in which it is no JSON any more. */
export interface Scanned {
  value?: unknown
  fault?: number
  lines: ReadonlyMap<string, number>
}

const space = /[\t\n\r ]*/y
const text = /"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*"/uy
const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y

/** Browsers name the place of a fault each in its own way, and some not at all. */
export function scan(source: string): Scanned {
  const lines = new Map<string, number>()
  let at = 0
  let line = 1
  const found = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const [match] = pattern.exec(source) ?? []
    at += match?.length ?? 0
    return match
  }
  // A string has no line breaks of its own, so lines end between the values.
  const skip = () => {
    line += (found(space)?.match(/\n|\r(?!\n)/g) ?? []).length
  }
  const isNext = (sign: string) => {
    skip()
    if (source[at] !== sign) return false
    at++
    return true
  }
  const need = (isThere: unknown) => {
    if (!isThere) throw new SyntaxError()
  }
  const value = (names: string[]): void => {
    skip()
    lines.set(pointerOf(...names), line)
    if (isNext('{')) {
      if (isNext('}')) return
      do {
        skip()
        const name = found(text)
        need(name)
        need(isNext(':'))
        value([...names, JSON.parse(name ?? '""') as string])
      } while (isNext(','))
      need(isNext('}'))
    } else if (isNext('[')) {
      if (isNext(']')) return
      let index = 0
      do value([...names, String(index++)])
      while (isNext(','))
      need(isNext(']'))
    } else need(found(text) ?? found(scalar))
  }
  try {
    value([])
    skip()
    need(at === source.length)
    return { value: JSON.parse(source), lines }
  } catch {
    return { fault: line, lines }
  }
}
