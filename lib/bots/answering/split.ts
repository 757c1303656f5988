/** What WhatsApp takes in one message, in characters. */
const most = 4_096

/** A text in parts that each fit into a message: at the end of a paragraph, else of a sentence, else of a word. */
export function splitText(text: string, letters = most): string[] {
  const parts: string[] = []
  let rest = text.trim()
  while ([...rest].length > letters) {
    const head = [...rest].slice(0, letters).join('')
    const part = head.slice(0, endOf(head)).trimEnd()
    parts.push(part)
    rest = rest.slice(part.length).trimStart()
  }
  return rest === '' ? parts : [...parts, rest]
}

/** Where to cut. Not in the first half, because that would make a short message and a long one. */
function endOf(head: string): number {
  for (const ends of [/\n\s*\n/gu, /[.!?…](?=\s)/gu, /\s+/gu]) {
    const last = [...head.matchAll(ends)].at(-1)
    const end = last ? last.index + last[0].length : 0
    if (end > head.length / 2) return end
  }
  return head.length
}
