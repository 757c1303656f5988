import mustache from 'mustache'

/** A piece of a template: text as it is, or the name of a variable. */
export type Piece = { text: string } | { name: string }

/** Why a template cannot be used, with the place in it. */
export class TemplateFault extends Error {}

// Without this, the parser would keep every template that anybody ever wrote.
const writer = Object.assign(new mustache.Writer(), { templateCache: undefined })

const variable = /^[a-z][a-z0-9_]{0,39}(\.[a-z][a-z0-9_]{0,39}){0,3}$/

/**
 * The pieces of a template. Only text and `{{name}}` are let through: sections, partials, unescaped values and other
 * delimiters would let whoever writes a template decide what the program does. Throws TemplateFault.
 */
export function parseTemplate(template: string): Piece[] {
  return parse(template).map(([kind, value, start]) => {
    if (kind === 'text') return { text: value }
    if (kind !== 'name')
      throw new TemplateFault(`has something else than {{name}} ${placeOf(template, start)}`)
    if (!variable.test(value))
      throw new TemplateFault(
        `has a name that is not lowercase letters, digits and _ ${placeOf(template, start)}`,
      )
    return { name: value }
  })
}

type Token = [kind: string, value: string, start: number]

function parse(template: string): Token[] {
  try {
    return writer.parse(template) as Token[]
  } catch (thrown) {
    // "Unclosed tag at 17", "Unopened section "x" at 4": the parser's only errors.
    const at = Number(/ at (\d+)$/.exec(thrown instanceof Error ? thrown.message : '')?.[1] ?? 0)
    throw new TemplateFault(`has braces that do not close, or close nothing, ${placeOf(template, at)}`)
  }
}

function placeOf(template: string, offset: number): string {
  const before = template.slice(0, offset).split('\n')
  return `in line ${before.length}, column ${before.at(-1)!.length + 1}`
}
