import type { Value } from '../../parts/conflict.tsx'
import { isTree, pointerOf, stepsOf, valueAt } from './flat.ts'
import { words } from './words/words.ts'

const fields: Record<string, string> = words.field
const parts: Record<string, string> = words.part

/** What people call a place of an assessment. What nobody named is called by its id. */
export function labelOf(pointer: string, ...configs: unknown[]): string {
  const steps = stepsOf(pointer)
  const names = steps.map((id, at) => {
    const known = at === 0 ? (parts[id] ?? fields[id]) : Object.hasOwn(fields, id) && fields[id]
    if (known) return known
    const thing = configs.map((config) => valueAt(config, pointerOf(...steps.slice(0, at + 1)))).find(isTree)
    const name = named(thing)
    return typeof name === 'string' && name !== '' ? short(name) : id
  })
  return names.join(' · ')
}

/** Of a thing, how it is called. */
export const named = (value: unknown): unknown =>
  isTree(value) ? (value.name ?? value.title ?? value.prompt ?? value.label ?? value) : value

const short = (text: string) => (text.length > 60 ? `${text.slice(0, 59)}…` : text)

/** A value as people read it. */
export function textOf(value: Value): string {
  const inner: unknown = typeof value === 'string' ? JSON.parse(value) : value
  return typeof inner === 'string' ? inner : JSON.stringify(inner)
}
