import { Problem } from '../../db/index.ts'
import { parseTemplate, TemplateFault } from '../../templates/index.ts'

const known = /^(client_name|brand\.(name|website|booking)|business\.[a-z][a-z0-9_]{0,39})$/

/** Refuses a prompt that could not be filled in. 422 invalid_value. */
export function requirePrompt(prompt: string): void {
  const problem = promptProblem(prompt)
  if (problem === undefined) return
  throw new Problem('invalid_value', 'The instructions cannot be filled in.', {
    errors: [{ pointer: '/system_prompt', detail: problem }],
  })
}

function promptProblem(prompt: string): string | undefined {
  try {
    const unknown = parseTemplate(prompt).find((piece) => 'name' in piece && !known.test(piece.name))
    if (!unknown || !('name' in unknown)) return undefined
    return `has the unknown variable {{${unknown.name}}}: use client_name, brand.name, brand.website, brand.booking, or business. and a name of the profile`
  } catch (thrown) {
    if (thrown instanceof TemplateFault) return thrown.message
    throw thrown
  }
}

export interface PromptVariables {
  client_name: string
  brand: Record<string, string>
  business_profile: Record<string, string>
}

/** A prompt with what is known of the shop put in. What is not known is left out. Nothing of a contact is ever put in. */
export function fillPrompt(
  prompt: string,
  { client_name, brand, business_profile }: PromptVariables,
): string {
  return parseTemplate(prompt)
    .map((piece) => {
      if ('text' in piece) return piece.text
      const [root = '', name = ''] = piece.name.split('.')
      if (root === 'client_name') return client_name
      const texts = root === 'brand' ? brand : business_profile
      return Object.hasOwn(texts, name) ? texts[name] : ''
    })
    .join('')
}
