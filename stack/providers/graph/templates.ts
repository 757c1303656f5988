import { z } from 'zod'
import { GraphError } from './errors.ts'
import { newDigits } from './numbers.ts'

const Component = z.looseObject({ type: z.string(), text: z.string().optional() })

export const NewTemplate = z.looseObject({
  name: z.string().regex(/^[a-z0-9_]{1,512}$/),
  language: z.string().min(2).max(20),
  category: z.enum(['MARKETING', 'UTILITY', 'AUTHENTICATION']),
  components: z.array(Component).max(20),
})

export interface Template extends z.infer<typeof NewTemplate> {
  id: string
  waba_id: string
  status: string
}

/** What the body of a request names as its template. */
export interface WantedTemplate {
  name: string
  language: { code: string }
  components?: { type: string; parameters?: { type: string; text?: string; parameter_name?: string }[] }[]
}

/** Every template is approved at once: who reviews them at Meta is not here. */
export class Templates {
  readonly #kept: Template[]

  constructor(known: Template[] = []) {
    this.#kept = known
  }

  all(): Template[] {
    return this.#kept
  }

  of(wabaId: string): Template[] {
    return this.#kept.filter(({ waba_id }) => waba_id === wabaId)
  }

  add(wabaId: string, wanted: z.infer<typeof NewTemplate>): Template {
    const isThere = ({ name, language }: Template) => name === wanted.name && language === wanted.language
    if (this.of(wabaId).some(isThere)) {
      throw new GraphError(100, {
        details: 'There is already a template of this name in this language.',
        error_subcode: 2_388_024,
      })
    }
    const template: Template = { ...wanted, id: newDigits(16), waba_id: wabaId, status: 'APPROVED' }
    this.#kept.push(template)
    return template
  }

  /** The template and its body with the parameters in it. */
  fill(wabaId: string, wanted: WantedTemplate): { template: Template; text: string } {
    const template = this.of(wabaId).find(
      ({ name, language }) => name === wanted.name && language === wanted.language.code,
    )
    if (!template) {
      throw new GraphError(132_001, {
        details: `template name (${wanted.name}) does not exist in ${wanted.language.code}`,
      })
    }
    const body = textOf(template, 'body')
    const parameters = wanted.components?.find(({ type }) => type.toLowerCase() === 'body')?.parameters ?? []
    const names = [...new Set([...body.matchAll(/\{\{\s*([a-z0-9_]+)\s*\}\}/g)].map(([, name]) => name!))]
    if (names.length !== parameters.length) {
      throw new GraphError(132_000, {
        details: `body: number of localizable_params (${parameters.length}) does not match the expected number of params (${names.length})`,
      })
    }
    const values = new Map(
      parameters.map(({ text, parameter_name }, at) => [parameter_name ?? String(at + 1), text ?? '']),
    )
    const text = body.replace(/\{\{\s*([a-z0-9_]+)\s*\}\}/g, (_all, name: string) => values.get(name) ?? '')
    return { template, text }
  }
}

function textOf({ components }: Template, type: string): string {
  return components.find((component) => component.type.toLowerCase() === type)?.text ?? ''
}

/** What each new account has at Meta. */
export const firstTemplate = {
  name: 'hello_world',
  language: 'en_US',
  category: 'UTILITY' as const,
  components: [
    { type: 'BODY', text: 'Welcome and congratulations! This message is a template of this machine.' },
  ],
}
