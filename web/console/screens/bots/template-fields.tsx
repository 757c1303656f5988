import type { BotTemplate, NewBotTemplate } from '../../api/bot-templates.ts'
import { Check, Select } from '../../parts/choice.tsx'
import { Field } from '../../parts/field.tsx'
import { words } from './words/words.ts'

/** A template as a person types it. */
export interface TemplateFields {
  [name: string]: string | boolean
  template_name: string
  description: string
  system_prompt: string
  tone: string
  max_response_length: string
  min_level: string
  conversation_context: string
  is_active: boolean
  is_default: boolean
}

const tones = ['professional', 'friendly'] as const

export const emptyTemplate: TemplateFields = {
  ...{ template_name: '', description: '', system_prompt: '', tone: 'friendly', max_response_length: '1000' },
  ...{ min_level: '0', conversation_context: '', is_active: true, is_default: false },
}

export const typedTemplate = (template: BotTemplate): TemplateFields => ({
  template_name: template.template_name,
  description: template.description,
  system_prompt: template.system_prompt,
  tone: template.tone,
  max_response_length: String(template.max_response_length),
  min_level: String(template.min_level),
  conversation_context:
    Object.keys(template.conversation_context).length === 0
      ? ''
      : JSON.stringify(template.conversation_context, null, 2),
  is_active: template.is_active,
  is_default: template.is_default,
})

/** The facts of a template; undefined if the text is no object of JSON. */
export function contextOf(text: string): Record<string, unknown> | undefined {
  if (text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** What is sent of these. */
export function templateBody(fields: Partial<TemplateFields>): Partial<NewBotTemplate> {
  const {
    template_name,
    description,
    system_prompt,
    tone,
    max_response_length,
    min_level,
    is_active,
    is_default,
  } = fields
  const context =
    fields.conversation_context === undefined ? undefined : contextOf(fields.conversation_context)
  return {
    ...(template_name !== undefined && { template_name }),
    ...(description !== undefined && { description }),
    ...(system_prompt !== undefined && { system_prompt }),
    ...(tone !== undefined && { tone: tone as BotTemplate['tone'] }),
    ...(max_response_length !== undefined && { max_response_length: Number(max_response_length) }),
    ...(min_level !== undefined && { min_level: Number(min_level) }),
    ...(context && { conversation_context: context }),
    ...(is_active !== undefined && { is_active }),
    ...(is_default !== undefined && { is_default }),
  }
}

export const templatePointers = [
  ...['/template_name', '/description', '/system_prompt', '/max_response_length', '/conversation_context'],
  ...['/min_level', '/is_active'],
]

interface Props {
  now: TemplateFields
  isDisabled: boolean
  /** The default one stays it until another is made the default. */
  isDefaultFixed?: boolean
  errorAt: (pointer: string) => string | undefined
  onSet: (name: string, value: string | boolean) => void
}

/** The fields of a template, of a new one and of one that is there. */
export function TemplateFieldset({ now, isDisabled, isDefaultFixed, errorAt, onSet }: Props) {
  const common = (name: string) => ({
    name: `/${name}`,
    disabled: isDisabled,
    onValue: (value: string) => onSet(name, value),
    error: errorAt(`/${name}`),
  })
  const wrongActive = errorAt('/is_active')
  return (
    <>
      <Field
        {...common('template_name')}
        label={words.templateName}
        hint={words.templateNameHint}
        required
        maxLength={80}
        value={now.template_name}
      />
      <Field {...common('description')} label={words.description} maxLength={500} value={now.description} />
      <Field
        {...common('system_prompt')}
        label={words.instructions}
        hint={words.instructionsHint}
        required
        maxLength={8_000}
        lines={8}
        value={now.system_prompt}
      />
      <Select
        label={words.tone}
        value={now.tone as BotTemplate['tone']}
        isDisabled={isDisabled}
        options={tones.map((each) => [each, words.tones[each]] as const)}
        onValue={(tone) => onSet('tone', tone)}
      />
      <Field
        {...common('max_response_length')}
        label={words.longest}
        type="number"
        min={20}
        max={4_096}
        required
        value={now.max_response_length}
      />
      <Field
        {...common('min_level')}
        label={words.minLevel}
        hint={words.minLevelHint}
        type="number"
        min={0}
        max={100}
        required
        value={now.min_level}
      />
      <Field
        {...common('conversation_context')}
        label={words.context}
        hint={words.contextHint}
        lines={4}
        value={now.conversation_context}
        error={
          contextOf(now.conversation_context) === undefined
            ? words.contextWrong
            : errorAt('/conversation_context')
        }
      />
      <Check
        label={words.templateUsed}
        isChecked={now.is_active}
        isDisabled={isDisabled}
        onChecked={(to) => onSet('is_active', to)}
      />
      {wrongActive && (
        <p role="alert" lang="en">
          {wrongActive}
        </p>
      )}
      <Check
        label={words.templateDefault}
        isChecked={now.is_default}
        isDisabled={isDisabled || isDefaultFixed === true}
        onChecked={(to) => onSet('is_default', to)}
      />
    </>
  )
}
