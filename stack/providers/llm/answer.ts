/** What the local model is asked, whichever way. */
export interface Asked {
  model: string
  system: string
  turns: { role: string; content: string }[]
  maxTokens: number
  schema: JsonSchema | null
}

interface JsonSchema {
  type?: string
  properties?: Record<string, JsonSchema>
  additionalProperties?: JsonSchema | boolean
  anyOf?: JsonSchema[]
  pattern?: string
  format?: string
  enum?: unknown[]
}

/**
 * The answer of the local model. It is no model: it says the same each time it is asked the same. Where JSON is asked for, it
 * rewrites the first text that the schema allows, with the words of whoever asks.
 *
 * Asked as the bot of a shop, it gives the first known answer, and the word for a person if there is none.
 *
 * Whoever asks may also say what it shall answer: `ANSWER {"patch": {}}`. So it shows what a model could be talked into. A
 * second line like that is the answer to the second question, as when the first answer is refused.
 */
export function answerTo({ model, system, turns, schema }: Asked): string {
  const words = turns.find(({ role }) => role === 'user')?.content ?? ''
  if (model === 'odd') return 'Two\u0000 \u0007\u202eodd\r\n\n\n\n\nlines.'
  const wish = between(words, 'instructions')
  const customer = messageOf(words)
  const wished = typeof wish === 'string' ? wish : (customer ?? words)
  if (model === 'parrot') return [system, ...turns.map(({ content }) => content)].join('\n')
  if (model === 'prose') return 'I would rather say it in prose.'
  const told = [...wished.matchAll(/^ANSWER (.+)$/gm)].map(([, answer]) => answer ?? '')
  const round = turns.filter(({ role }) => role === 'user').length - 1
  if (told.length > 0) return told[Math.min(round, told.length - 1)] ?? ''
  if (customer !== undefined) return asShop(words)
  if (!schema) return prose(system, words)
  const written = rewrite(schema.properties?.patch ?? {}, between(words, 'present'), sentence(wished))
  return JSON.stringify({ patch: written ?? {} })
}

/** Tokens as a rule of thumb has them: four bytes each. */
export const tokensOf = (text: string): number => Math.ceil(Buffer.byteLength(text) / 4)

function prose(system: string, words: string): string {
  const names = [...words.matchAll(/"name": ?"([^"]{1,100})"/g)].map(([, name]) => name)
  const about = names.length > 0 ? `It leans towards ${names.slice(0, 2).join(' and ')}. ` : ''
  return `This is a sample, written by the embedded stack's own model. ${about}It was told ${
    system.split(/\s+/).length
  } words on how to write.`
}

/** What a customer writes to a bot. */
function messageOf(words: string): string | undefined {
  const message = between(words, 'message')
  if (typeof message !== 'object' || message === null || !('text' in message)) return undefined
  return typeof message.text === 'string' ? message.text : undefined
}

/** As a bot it gives the first answer that is known, and passes on whatever none is known for. */
function asShop(words: string): string {
  const known = between(words, 'known_answers')
  const first: unknown = Array.isArray(known) ? known[0]?.answer : undefined
  return typeof first === 'string' ? `If I understand you: ${first}` : 'ESCALATE'
}

function sentence(words: string): string {
  return words.trim().replace(/\s+/g, ' ').slice(0, 60) || 'Sample'
}

/** What stands between <name> and </name>, read as JSON if it is. */
function between(words: string, name: string): unknown {
  const found = new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(words)?.[1]
  if (found === undefined) return undefined
  try {
    return JSON.parse(found)
  } catch {
    return found
  }
}

/** A change of the first free text in `present` that the schema knows: {"hero": {"description": "…"}}. */
function rewrite(schema: JsonSchema, present: unknown, text: string): unknown {
  const kind = schema.anyOf?.find(({ type }) => type !== 'null') ?? schema
  if (kind.type === 'string') return kind.enum || kind.pattern || kind.format ? undefined : text
  if (kind.type !== 'object') return undefined
  const there = typeof present === 'object' && present !== null ? (present as Record<string, unknown>) : {}
  const names = [...new Set([...Object.keys(kind.properties ?? {}), ...Object.keys(there)])]
  for (const name of names) {
    const inner = kind.properties?.[name] ?? kind.additionalProperties
    if (typeof inner !== 'object') continue
    const found = rewrite(inner, there[name], text)
    if (found !== undefined) return { [name]: found }
  }
  return undefined
}
