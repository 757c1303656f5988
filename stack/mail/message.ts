import type { ParsedMail, SimpleParserOptions } from 'mailparser'

/** A message as a person reads it. */
export interface Message {
  headers: { name: string; value: string }[]
  text: string
  /** As it was sent: whoever shows it must keep it from running. */
  html: string | null
  attachments: { filename: string; type: string; size: number }[]
  /** The web addresses in it, each once. */
  links: string[]
  /** The numbers of six digits outside of web addresses, each once. */
  codes: string[]
}

const mostLinks = 50
const mostCodes = 10
const headerBytes = 256 * 1024

/** Null if it cannot be read. The parser is large, so it is loaded by the first message and not by each start. */
async function parse(raw: Buffer, options?: SimpleParserOptions): Promise<ParsedMail | null> {
  const { simpleParser } = await import('mailparser')
  return simpleParser(raw, options).catch(() => null)
}

/** The subject, decoded, on one line. A message that cannot be read has none. */
export async function readSubject(raw: Buffer): Promise<string> {
  const end = raw.indexOf('\r\n\r\n')
  const headers = raw.subarray(0, Math.min(end < 0 ? raw.length : end + 4, headerBytes))
  const parsed = await parse(headers)
  return oneLine(parsed?.subject ?? '')
}

export async function readMessage(raw: Buffer): Promise<Message> {
  // Its own text of HTML is missing where there are attachments.
  const parsed = await parse(raw, { skipHtmlToText: true })
  if (!parsed) {
    const text = raw.toString('utf8')
    return { headers: [], text, html: null, attachments: [], ...findLinksAndCodes(text) }
  }
  const text = parsed.text || (await asText(parsed.html || ''))
  return {
    headers: parsed.headerLines.map(({ line }) => readHeader(line)),
    text,
    html: parsed.html || null,
    attachments: parsed.attachments.map(readAttachment),
    ...findLinksAndCodes(text),
  }
}

/** The address of each link stands behind it in brackets. */
async function asText(html: string): Promise<string> {
  const { convert } = await import('html-to-text')
  const headings = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
    selector,
    options: { uppercase: false },
  }))
  return convert(html, {
    wordwrap: 80,
    selectors: [...headings, { selector: 'img', format: 'skip' }],
    limits: { maxInputLength: 1024 * 1024 },
  })
}

function readHeader(line: string): { name: string; value: string } {
  const colon = line.indexOf(':')
  return { name: line.slice(0, colon), value: oneLine(line.slice(colon + 1)) }
}

function readAttachment(attachment: ParsedMail['attachments'][number]): Message['attachments'][number] {
  return {
    filename: oneLine(attachment.filename ?? ''),
    type: attachment.contentType,
    size: attachment.size,
  }
}

function findLinksAndCodes(text: string): Pick<Message, 'links' | 'codes'> {
  const link = /https?:\/\/[^\s<>"[\]]+/g
  const links = [...new Set([...text.matchAll(link)].map(([found]) => found.replace(/[.,;:!?)]+$/, '')))]
  const rest = text.replace(link, ' ')
  const codes = [...new Set([...rest.matchAll(/(?<![\w.+#-])\d{6}(?![\w-])/g)].map(([found]) => found))]
  return { links: links.slice(0, mostLinks), codes: codes.slice(0, mostCodes) }
}

/** Without line breaks, other control characters, and those that turn the direction of what follows. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim()
}
