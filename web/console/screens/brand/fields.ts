import type { Brand, BrandChange } from '../../api/brand.ts'
import type { Value } from '../../parts/conflict.tsx'
import { words } from './words/words.ts'

/** What the editor edits: values of the brand by their JSON Pointers, which is also how the server names them in errors. */
export type Fields = Record<string, Value>

export interface TextField {
  pointer: string
  label: string
  maxLength: number
  type?: 'text' | 'url'
  required?: boolean
  lines?: number
}

interface Section {
  title: string
  fields: TextField[]
}

export const sections = (): Section[] => [
  {
    title: words.basics,
    fields: [
      { pointer: '/display_name', label: words.displayName, maxLength: 255, required: true },
      { pointer: '/brand/tagline', label: words.tagline, maxLength: 300 },
    ],
  },
  {
    title: words.coach,
    fields: [
      { pointer: '/coach_name', label: words.coachName, maxLength: 255 },
      { pointer: '/coach_title', label: words.coachTitle, maxLength: 255 },
    ],
  },
  {
    title: words.links,
    fields: [
      { pointer: '/website_url', label: words.websiteUrl, maxLength: 2048, type: 'url' },
      { pointer: '/booking_url', label: words.bookingUrl, maxLength: 2048, type: 'url' },
    ],
  },
  {
    title: words.messages,
    fields: [
      { pointer: '/brand/messages/welcome', label: words.welcome, maxLength: 4000, lines: 4 },
      { pointer: '/brand/messages/completion', label: words.completion, maxLength: 4000, lines: 4 },
    ],
  },
]

export const fontFields = (): TextField[] => [
  { pointer: '/brand/fonts/heading', label: words.headingFont, maxLength: 64 },
  { pointer: '/brand/fonts/body', label: words.bodyFont, maxLength: 64 },
]

export const colorPointer = (name: string) => `/brand/colors/${name}`

const textFields = () => [...sections().flatMap(({ fields }) => fields), ...fontFields()]

/** Every place at which the form shows what is wrong. */
export const pointersOf = () => [
  ...textFields().map(({ pointer }) => pointer),
  ...Object.keys(words.color).map(colorPointer),
]

/** How a person knows what stands at a pointer. */
export function labelOf(pointer: string): string {
  if (pointer === '/is_active') return words.pageIsOn
  const color = /^\/brand\/colors\/(\w+)$/.exec(pointer)?.[1]
  return (
    textFields().find((field) => field.pointer === pointer)?.label ?? (color && words.color[color]) ?? pointer
  )
}

const steps = (pointer: string) => pointer.slice(1).split('/')

/** What stands in the brand at a pointer; null if there is nothing. */
function valueAt(brand: Brand, pointer: string): Value {
  let found: unknown = brand
  for (const step of steps(pointer)) found = (found as Record<string, unknown> | undefined)?.[step]
  return typeof found === 'string' || typeof found === 'boolean' ? found : null
}

/** Everything that the form edits. */
export const fieldsOf = (brand: Brand): Fields =>
  Object.fromEntries(['/is_active', ...pointersOf()].map((pointer) => [pointer, valueAt(brand, pointer)]))

/** The body of the request that makes these changes. */
export function changeOf(changes: Partial<Fields>): BrandChange {
  const change: Record<string, unknown> = {}
  for (const [pointer, value] of Object.entries(changes)) {
    const path = steps(pointer)
    const last = path.pop()!
    let at = change
    for (const step of path) {
      at[step] ??= {}
      at = at[step] as Record<string, unknown>
    }
    at[last] = value
  }
  return change
}
