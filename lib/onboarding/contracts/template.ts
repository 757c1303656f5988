/** A part of a contract that stands by itself. */
export interface Block {
  kind: 'title' | 'heading' | 'paragraph' | 'item'
  /** In turn plain and bold. */
  runs: { text: string; isBold: boolean }[]
}

/**
 * Reads a template: front matter with its version, then Markdown of headings, paragraphs, lists and bold text.
 *
 * @returns null if there is no version.
 */
export function readTemplate(markdown: string): { version: string; body: string } | null {
  const [, version, body] =
    /^---\nversion: *(\S+) *\n---\n([\s\S]+)$/.exec(markdown.replaceAll('\r\n', '\n')) ?? []
  return version !== undefined && body !== undefined ? { version, body } : null
}

/** The blocks of a template, filled in. A value is text: nothing in it becomes a heading or bold. */
export function fillIn(body: string, details: Record<string, string>): Block[] {
  const blocks: Block[] = []
  for (const part of body.split(/\n{2,}/).flatMap(splitList)) {
    const text = part.trim().replaceAll('\n', ' ')
    if (text === '') continue
    const [, mark = '', rest = ''] = /^(#{1,2} |- )?(.*)$/.exec(text) ?? []
    blocks.push({ kind: kinds[mark] ?? 'paragraph', runs: runsOf(rest, details) })
  }
  return blocks
}

const kinds: Record<string, Block['kind']> = { '# ': 'title', '## ': 'heading', '- ': 'item' }

function splitList(part: string): string[] {
  return part.startsWith('- ') || part.startsWith('# ') ? part.split(/\n(?=- |#)/) : [part]
}

function runsOf(text: string, details: Record<string, string>): Block['runs'] {
  // Split before anything is filled in.
  return text
    .split('**')
    .map((run, index) => ({
      text: run.replace(/\{\{(\w+)\}\}/g, (_, name: string) => detailOf(name, details)),
      isBold: index % 2 === 1,
    }))
    .filter((run) => run.text !== '')
}

function detailOf(name: string, details: Record<string, string>): string {
  const value = Object.hasOwn(details, name) ? details[name] : undefined
  if (value === undefined) throw new Error(`The contract needs ${name}, and nobody has said it.`)
  return value
}
