/** Longer texts are compared as a whole: the table of a comparison grows with the square of their lines. */
const mostLines = 2_000

/** What differs between two texts, line by line: "- " of the first, "+ " of the second, "  " of both. */
export function diffLines(first: string, second: string): string[] {
  const [from, to] = [first.split('\n'), second.split('\n')]
  if (Math.max(from.length, to.length) > mostLines)
    return [...from.map((line) => `- ${line}`), ...to.map((line) => `+ ${line}`)]
  // The longest common subsequence, from the end to the beginning.
  const common = Array.from({ length: from.length + 1 }, () => new Uint16Array(to.length + 1))
  for (let a = from.length - 1; a >= 0; a--)
    for (let b = to.length - 1; b >= 0; b--)
      common[a]![b] =
        from[a] === to[b] ? common[a + 1]![b + 1]! + 1 : Math.max(common[a + 1]![b]!, common[a]![b + 1]!)
  const lines: string[] = []
  let [a, b] = [0, 0]
  while (a < from.length || b < to.length) {
    if (a < from.length && b < to.length && from[a] === to[b]) {
      lines.push(`  ${from[a++]}`)
      b++
    } else if (b >= to.length || (a < from.length && common[a + 1]![b]! >= common[a]![b + 1]!))
      lines.push(`- ${from[a++]}`)
    else lines.push(`+ ${to[b++]}`)
  }
  return lines
}
