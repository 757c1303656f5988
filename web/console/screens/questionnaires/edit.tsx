import { type InputHTMLAttributes, useState } from 'react'
import { Field } from '../../parts/field.tsx'
import type { Errors } from './draft.ts'
import { type Flat, flatten, isWithin, without } from './flat.ts'
import { words } from './words/words.ts'

/** A draft as its forms read and change it. */
export interface Edit {
  /** What stands at a place. The forms of JSON may have put anything there. */
  at: (pointer: string) => unknown
  set: (pointer: string, value: unknown) => void
  setAll: (some: Flat) => void
  now: Flat
  errors: Errors
  isDisabled: boolean
}

/** What has to be set so that this stands at a place, and nothing else. */
export const putAt = (now: Flat, pointer: string, value: unknown): Flat => ({
  ...without(now, pointer),
  ...flatten(value, pointer),
})

export const treeAt = (edit: Edit, pointer: string): Record<string, Record<string, unknown>> => {
  const value = edit.at(pointer)
  return typeof value === 'object' && value !== null ? (value as Record<string, Record<string, unknown>>) : {}
}
export const listAt = <Item,>(edit: Edit, pointer: string): Item[] => {
  const value = edit.at(pointer)
  return Array.isArray(value) ? (value as Item[]) : []
}

const errorAt = (edit: Edit, pointer: string) =>
  edit.errors.find((each) => isWithin(each.pointer, pointer))?.detail

interface Props
  extends Pick<InputHTMLAttributes<HTMLInputElement>, 'maxLength' | 'type' | 'step' | 'min' | 'max'> {
  edit: Edit
  at: string
  label: string
  hint?: string
  lines?: number
}

/** A text of the assessment. */
export function Text({ edit, at, ...rest }: Props) {
  return (
    <Field
      {...rest}
      name={at}
      disabled={edit.isDisabled}
      value={String(edit.at(at) ?? '')}
      onValue={(value) => edit.set(at, value)}
      error={errorAt(edit, at)}
    />
  )
}

/** A number, or nothing. */
export function Amount({ edit, at, ...rest }: Props) {
  return (
    <Field
      {...rest}
      name={at}
      type="number"
      step="any"
      disabled={edit.isDisabled}
      value={String(edit.at(at) ?? '')}
      onValue={(value) => edit.set(at, value === '' ? null : Number(value))}
      error={errorAt(edit, at)}
    />
  )
}

const listOf = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** Texts, one a line. */
export function Lines({ edit, at, ...rest }: Props) {
  const value = listAt<string>(edit, at)
  // An empty line is none, and has to be typed before the next one is.
  const [typed, setTyped] = useState('')
  const isTyped = JSON.stringify(listOf(typed)) === JSON.stringify(value)
  return (
    <Field
      hint={words.aLineEach}
      lines={3}
      {...rest}
      name={at}
      disabled={edit.isDisabled}
      value={isTyped ? typed : value.join('\n')}
      onValue={(text) => {
        setTyped(text)
        edit.set(at, listOf(text))
      }}
      error={errorAt(edit, at)}
    />
  )
}
