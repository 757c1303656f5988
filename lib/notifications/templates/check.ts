import { type FieldError, Problem } from '../../db/index.ts'
import { type Piece, parseTemplate, TemplateFault } from '../../templates/index.ts'
import type { EmailTemplateVariable } from './schema.ts'

interface Written {
  subject: string
  body_html: string
  body_text: string | null
  variables: EmailTemplateVariable[]
}

/**
 * Refuses what could not be rendered: anything in braces but a declared name, with its place, and words that leave out
 * a variable that they must have. 422 invalid_value.
 */
export function requireRenderable(template: Written): void {
  const errors = problemsOf(template)
  if (errors.length > 0)
    throw new Problem('invalid_value', 'The template cannot be used as it is.', { errors })
}

function problemsOf({ variables, ...texts }: Written): FieldError[] {
  const errors: FieldError[] = []
  const declared = new Set(variables.map(({ key }) => key))
  const namesIn = (field: 'subject' | 'body_html' | 'body_text'): string[] => {
    try {
      const names = parseTemplate(texts[field] ?? '').flatMap((piece: Piece) =>
        'name' in piece ? [piece.name] : [],
      )
      for (const name of new Set(names))
        if (!declared.has(name))
          errors.push({ pointer: `/${field}`, detail: `has {{${name}}}, which is not one of its variables` })
      return names
    } catch (thrown) {
      if (!(thrown instanceof TemplateFault)) throw thrown
      errors.push({ pointer: `/${field}`, detail: thrown.message })
      return []
    }
  }
  const shown = new Set([...namesIn('subject'), ...namesIn('body_html')])
  const inText = new Set(namesIn('body_text'))
  if (errors.length > 0) return errors
  if (declared.size < variables.length)
    errors.push({ pointer: '/variables', detail: 'names a variable twice' })
  for (const { key, required } of variables) {
    if (!required) continue
    if (!shown.has(key)) errors.push({ pointer: '/body_html', detail: `must have {{${key}}}` })
    else if (texts.body_text !== null && !inText.has(key) && !parseSubject(texts.subject).has(key))
      errors.push({ pointer: '/body_text', detail: `must have {{${key}}}` })
  }
  return errors
}

const parseSubject = (subject: string) =>
  new Set(parseTemplate(subject).flatMap((piece) => ('name' in piece ? [piece.name] : [])))
