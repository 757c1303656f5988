import { convert } from 'html-to-text'
import { parseTemplate } from '../../templates/index.ts'

/** The words of a mail, as they are stored. */
export interface Words {
  subject: string
  body_html: string
  body_text: string | null
}

/** How a tenant's mails look, and in whose name they come. */
export interface Look {
  name: string
  logo_url: string | null
  /** Hex colours. */
  primary: string
  background: string
  text: string
  from_name: string
  reply_to: string | null
  signature: string | null
  is_powered_by_shown: boolean
}

/** What goes below every mail. */
export interface Footer {
  locale: string
  /** Where one click ends these mails. Critical ones have none. */
  unsubscribe_url: string | null
}

export interface RenderedMail {
  subject: string
  html: string
  text: string
  from_name: string
  reply_to: string | null
}

/** Longer values, such as a pasted report, belong behind a link. */
const longestValue = 4_000
const longestSubject = 200

/**
 * A mail of a template, in the look of its tenant. Values are escaped in HTML. In the subject and in names, whatever
 * could start a new header or turn the direction of text becomes a space. A name without a value becomes nothing.
 */
export function renderMail(words: Words, data: object, look: Look, footer: Footer): RenderedMail {
  const body = fill(words.body_html, (name) => escapeHtml(valueIn(data, name)))
  const text = words.body_text
    ? fill(words.body_text, (name) => valueIn(data, name))
    : convert(body, { wordwrap: 100 })
  const below = footerOf(look, footer)
  return {
    subject: shorten(oneLine(fill(words.subject, (name) => valueIn(data, name)))),
    html: layout(body, look, footer, below),
    text: [text.trim(), ...below.map(({ text, url }) => (url ? `${text}: ${url}` : text))].join('\n\n'),
    from_name: oneLine(look.from_name),
    reply_to: look.reply_to,
  }
}

/** The text of a template with its values. */
function fill(template: string, value: (name: string) => string): string {
  return parseTemplate(template)
    .map((piece) => ('text' in piece ? piece.text : value(piece.name)))
    .join('')
}

function valueIn(data: object, name: string): string {
  let value: unknown = data
  for (const step of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return ''
    value = (value as Record<string, unknown>)[step]
  }
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return ''
  return String(value).slice(0, longestValue)
}

/** Text that cannot leave its line, and cannot turn the direction of what stands around it. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim()
}

function shorten(subject: string): string {
  const letters = [...subject]
  return letters.length <= longestSubject ? subject : `${letters.slice(0, longestSubject - 1).join('')}…`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)
}

interface Line {
  text: string
  url?: string
}

const sentences: Record<string, { why: (name: string) => string; end: string; by: string }> = {
  en: { why: (name) => `You get this mail from ${name}.`, end: 'Unsubscribe', by: 'Powered by Tenantry' },
  de: { why: (name) => `Diese Mail kommt von ${name}.`, end: 'Abbestellen', by: 'Mit Tenantry' },
  fr: { why: (name) => `Ce message vient de ${name}.`, end: 'Se désabonner', by: 'Propulsé par Tenantry' },
}

function footerOf(look: Look, { locale, unsubscribe_url }: Footer): Line[] {
  const words = sentences[locale.slice(0, 2)] ?? sentences.en!
  return [
    ...(look.signature ? [{ text: look.signature }] : []),
    { text: words.why(oneLine(look.name)) },
    ...(unsubscribe_url ? [{ text: words.end, url: unsubscribe_url }] : []),
    ...(look.is_powered_by_shown ? [{ text: words.by }] : []),
  ]
}

/** Tables and styles in attributes, because mail programs leave out style sheets. */
function layout(body: string, look: Look, { locale }: Footer, below: Line[]): string {
  const name = escapeHtml(oneLine(look.name))
  const head = look.logo_url
    ? `<img src="${escapeHtml(look.logo_url)}" alt="${name}" height="40" style="border:0;height:40px">`
    : `<span style="font-size:20px;font-weight:bold;color:${look.primary}">${name}</span>`
  const lines = below.map(({ text, url }) => {
    const shown = escapeHtml(text).replaceAll('\n', '<br>')
    return `<p style="margin:0 0 8px">${url ? `<a href="${escapeHtml(url)}" style="color:${look.text}">${shown}</a>` : shown}</p>`
  })
  return `<!doctype html>
<html lang="${escapeHtml(locale)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>
<body style="margin:0;padding:24px 8px;background:${look.background};color:${look.text};font-family:sans-serif;font-size:16px;line-height:1.5">
<table role="presentation" align="center" width="100%" style="max-width:600px;margin:0 auto;border-collapse:collapse">
<tr><td style="padding:0 16px 16px;border-bottom:3px solid ${look.primary}">${head}</td></tr>
<tr><td style="padding:16px">${body}</td></tr>
<tr><td style="padding:16px;font-size:13px">${lines.join('')}</td></tr>
</table></body></html>`
}
