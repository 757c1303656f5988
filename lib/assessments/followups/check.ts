import type { FieldError } from '../../db/index.ts'
import { parseTemplate, TemplateFault } from '../../templates/index.ts'
import type { ResolvedConfig } from '../config/parts.ts'

/** The words that there are for every tenant, by their names. A test holds them against the global templates. */
export const defaultTemplates = ['followup_day3', 'followup_day10']

/** What may stand in double braces in the words of a follow-up. */
export const variables = ['person', 'campaign', 'booking_url', 'primary', 'tenant']

/** What is wrong with the mails of a configuration, by JSON Pointer into it. */
export function communicationProblems({
  followups,
  email_templates,
}: ResolvedConfig['communications']): FieldError[] {
  const ids = followups.map(({ id }) => id)
  return [
    ...followups.flatMap(({ id, template }, n) => [
      ...(ids.indexOf(id) < n
        ? [{ pointer: `/communications/followups/${n}/id`, detail: 'is the id of another follow-up' }]
        : []),
      ...(Object.hasOwn(email_templates, template) || defaultTemplates.includes(template)
        ? []
        : [
            {
              pointer: `/communications/followups/${n}/template`,
              detail: `must be in email_templates, or one of ${defaultTemplates.join(', ')}`,
            },
          ]),
    ]),
    ...Object.entries(email_templates).flatMap(([name, words]) =>
      (['subject', 'body_html'] as const).flatMap((field) =>
        wordProblems(words[field]).map((detail) => ({
          pointer: `/communications/email_templates/${name}/${field}`,
          detail,
        })),
      ),
    ),
  ]
}

function wordProblems(words: string): string[] {
  try {
    const names = parseTemplate(words).flatMap((piece) => ('name' in piece ? [piece.name] : []))
    return [...new Set(names)]
      .filter((name) => !variables.includes(name))
      .map((name) => `has {{${name}}}, which is not one of ${variables.join(', ')}`)
  } catch (thrown) {
    if (thrown instanceof TemplateFault) return [thrown.message]
    throw thrown
  }
}
