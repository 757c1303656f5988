import type { NewTrainingRow, TrainingRow } from '../../api/bot-training.ts'
import { Check, Select } from '../../parts/choice.tsx'
import { Field } from '../../parts/field.tsx'
import { words } from './words/words.ts'

/** A row of training data as a person types it. */
export interface RowFields {
  question: string
  answer: string
  data_type: TrainingRow['data_type']
  category: string
  locale: string
  priority: string
  confidence_score: string
  min_level: string
  is_active: boolean
}

const kinds = ['faq', 'canned_reply', 'example'] as const

export const newRow = (locale: string): RowFields => ({
  ...{ question: '', answer: '', data_type: 'faq', category: '', locale, priority: '0' },
  ...{ confidence_score: '1', min_level: '0', is_active: true },
})

export const typedRow = (row: TrainingRow): RowFields => ({
  question: row.question,
  answer: row.answer ?? '',
  data_type: row.data_type,
  category: row.category ?? '',
  locale: row.locale ?? '',
  priority: String(row.priority),
  confidence_score: String(row.confidence_score),
  min_level: String(row.min_level),
  is_active: row.is_active,
})

/** What is sent of these. */
export function rowBody(fields: Partial<RowFields>): Partial<NewTrainingRow> {
  const { question, data_type, priority, confidence_score, min_level, is_active } = fields
  const nullable = (name: 'answer' | 'category' | 'locale') => {
    const value = fields[name]
    return value === undefined ? {} : { [name]: value.trim() || null }
  }
  return {
    ...(question !== undefined && { question }),
    ...nullable('answer'),
    ...(data_type && { data_type }),
    ...nullable('category'),
    ...nullable('locale'),
    ...(priority !== undefined && { priority: Number(priority) }),
    ...(confidence_score !== undefined && { confidence_score: Number(confidence_score) }),
    ...(min_level !== undefined && { min_level: Number(min_level) }),
    ...(is_active !== undefined && { is_active }),
  }
}

export const rowPointers = [
  'question',
  'answer',
  'category',
  'locale',
  'priority',
  'confidence_score',
  'min_level',
].map((name) => `/${name}`)

interface Props {
  now: RowFields
  isDisabled: boolean
  errorAt: (pointer: string) => string | undefined
  onSet: (change: Partial<RowFields>) => void
}

/** The fields of a row, of a new one and of one that is there. */
export function RowFieldset({ now, isDisabled, errorAt, onSet }: Props) {
  const common = (name: Exclude<keyof RowFields, 'data_type' | 'is_active'>) => ({
    name: `/${name}`,
    disabled: isDisabled,
    value: now[name],
    onValue: (value: string) => onSet({ [name]: value }),
    error: errorAt(`/${name}`),
  })
  return (
    <>
      <Field {...common('question')} label={words.question} required maxLength={1_000} lines={2} />
      <Field {...common('answer')} label={words.answer} hint={words.answerHint} maxLength={4_000} lines={4} />
      <Check
        label={words.rowActive}
        isChecked={now.is_active && now.answer.trim() !== ''}
        isDisabled={isDisabled || now.answer.trim() === ''}
        onChecked={(is_active) => onSet({ is_active })}
      />
      <Select
        label={words.kind}
        value={now.data_type}
        isDisabled={isDisabled}
        options={kinds.map((each) => [each, words.kinds[each]] as const)}
        onValue={(data_type) => onSet({ data_type })}
      />
      <p>{words.kindHint}</p>
      <Field {...common('category')} label={words.category} maxLength={80} />
      <Field
        {...common('locale')}
        label={words.locale}
        hint={words.localeHint}
        maxLength={3}
        pattern="[a-z]{2,3}"
      />
      <Field
        {...common('priority')}
        label={words.priority}
        hint={words.priorityHint}
        type="number"
        min={-1_000}
        max={1_000}
        required
      />
      <Field
        {...common('confidence_score')}
        label={words.confidence}
        hint={words.confidenceHint}
        type="number"
        min={0}
        max={1}
        step={0.001}
        required
      />
      <Field
        {...common('min_level')}
        label={words.minLevel}
        hint={words.minLevelHint}
        type="number"
        min={0}
        max={100}
        required
      />
    </>
  )
}
