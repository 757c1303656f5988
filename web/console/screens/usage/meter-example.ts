import type { Meter } from '../../api/meters.ts'

interface Example {
  event_id: string
  event_type: string
  event_data?: object
  [property: string]: unknown
}

/** An event that the meter counts, with everything that it looks at. */
export function exampleFor({ event_type, aggregation, value_property, group_by }: Meter): Example {
  const event: Example = { event_id: 'order-4711', event_type: event_type ?? 'work.done' }
  for (const property of group_by) put(event, property, textOf(property))
  if (value_property !== null)
    put(event, value_property, aggregation === 'unique' ? textOf(value_property) : 12)
  return event
}

const textOf = (property: string) => (property === 'model_used' ? 'example-model-1' : 'example')

function put(event: Example, property: string, value: unknown): void {
  const [first = '', ...keys] = property.split('.')
  if (first === 'event_type') return
  if (first !== 'data') event[first] = value
  else event.event_data = withAt(event.event_data, keys, value)
}

/** The object with this value at this path. */
function withAt(inside: unknown, [key, ...rest]: string[], value: unknown): object {
  const object = typeof inside === 'object' && inside !== null ? inside : {}
  if (key === undefined) return object
  const before = (object as Record<string, unknown>)[key]
  return { ...object, [key]: rest.length === 0 ? value : withAt(before, rest, value) }
}
