import { type Column, columns, type Overrides, partOf, type ResolvedConfig } from './parts.ts'

/** Where a value comes from, by its JSON Pointer into the resolved configuration. */
export type Sources = Record<string, 'framework' | 'tenant' | 'removed'>

/**
 * The overrides of a tenant merged into the base of a framework (RFC 7396): objects merge deeply, a list replaces the whole
 * list, null removes. Neither argument is changed. `sources` is filled with an entry for each value, and for each that was
 * removed. The answer has the shape of a ResolvedConfig, but it is one only if configProblems() finds nothing.
 */
export function resolve(
  base: Record<string, unknown>,
  overrides: Overrides,
  sources?: Sources,
): ResolvedConfig {
  const resolved = columns.map((column: Column) => {
    const part = partOf[column]
    return [part, merge(base[part] ?? emptyOf(overrides[column]), overrides[column], `/${part}`, sources)]
  })
  return Object.fromEntries(resolved) as ResolvedConfig
}

const emptyOf = (value: unknown) => (Array.isArray(value) ? [] : {})

function merge(base: unknown, over: unknown, pointer: string, sources: Sources | undefined): unknown {
  if (!isObject(over)) {
    note(over, pointer, 'tenant', sources)
    return over
  }
  const merged: Record<string, unknown> = {}
  const under = isObject(base) ? base : {}
  for (const [name, value] of Object.entries(under)) {
    if (Object.hasOwn(over, name)) continue
    merged[name] = value
    note(value, `${pointer}/${name}`, 'framework', sources)
  }
  for (const [name, value] of Object.entries(over)) {
    const inner = `${pointer}/${name}`
    if (value !== null) merged[name] = merge(under[name], value, inner, sources)
    else if (sources && Object.hasOwn(under, name)) sources[inner] = 'removed'
  }
  return merged
}

function note(value: unknown, pointer: string, source: Sources[string], sources: Sources | undefined): void {
  if (!sources) return
  if (isObject(value))
    for (const [name, inner] of Object.entries(value)) note(inner, `${pointer}/${name}`, source, sources)
  else sources[pointer] = source
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
