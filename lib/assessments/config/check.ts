import type { FieldError } from '../../db/index.ts'
import { communicationProblems } from '../followups/check.ts'
import { columns, type Overrides, partOf, ResolvedConfig } from './parts.ts'
import { isObject, resolve } from './resolve.ts'

/**
 * What is wrong with overrides for this base: the fields of the nine columns, by JSON Pointer. The schema of the columns has
 * let each of them pass, so this is about the whole that they make.
 */
export function configProblems(base: Record<string, unknown>, overrides: Overrides): FieldError[] {
  const unknown = [
    ...strangers(base.archetypes, overrides.archetype_overrides, '/archetype_overrides', 'archetype'),
    ...strangers(base.modes, overrides.mode_overrides, '/mode_overrides', 'mode'),
  ]
  if (unknown.length > 0) return unknown
  const resolved = ResolvedConfig.safeParse(resolve(base, overrides))
  const found = resolved.success
    ? consistencyProblems(resolved.data)
    : resolved.error.issues.map(({ path, message }) => ({
        pointer: path.map((step) => `/${String(step)}`).join(''),
        // Each column fits its schema. So what is wrong with the whole is nearly always that a part is missing.
        detail: /received undefined$/.test(message) ? 'must be there: the framework has no other' : message,
      }))
  return found.slice(0, 20).map(({ pointer, detail }) => ({ pointer: intoColumns(pointer), detail }))
}

/** Archetypes and modes belong to the framework: its questions refer to them. A tenant changes them, and switches modes off. */
function strangers(base: unknown, given: unknown, pointer: string, noun: string): FieldError[] {
  return Object.entries(isObject(given) ? given : {}).flatMap(([id, value]) => {
    if (!isObject(base) || !Object.hasOwn(base, id))
      return [{ pointer: `${pointer}/${id}`, detail: `is no ${noun} of this framework` }]
    return value === null ? [{ pointer: `${pointer}/${id}`, detail: 'cannot be removed' }] : []
  })
}

function consistencyProblems({
  archetypes,
  scoring,
  modes,
  results,
  communications,
}: ResolvedConfig): FieldError[] {
  const { engine } = scoring
  const strange = (ids: string[], pointer: string) =>
    ids.flatMap((id, n) =>
      Object.hasOwn(archetypes, id)
        ? []
        : [{ pointer: `${pointer}/${n}`, detail: `"${id}" is no archetype of this framework` }],
    )
  const problems = [
    ...strange(engine.tie_break, '/scoring/engine/tie_break'),
    ...(Array.isArray(results.ordering) ? strange(results.ordering, '/results/ordering') : []),
    ...scoring.combinations.flatMap(({ primary, secondary }, n) =>
      strange([primary, secondary], '').map(({ pointer, detail }) => ({
        pointer: `/scoring/combinations/${n}/${pointer === '/0' ? 'primary' : 'secondary'}`,
        detail,
      })),
    ),
    ...bandProblems(scoring),
    ...communicationProblems(communications),
    ...Object.entries(modes).flatMap(([mode, one]) => modeProblems(`/modes/${mode}`, one, archetypes)),
  ]
  if (engine.scale_max <= engine.scale_min)
    problems.push({ pointer: '/scoring/engine/scale_max', detail: 'must be greater than scale_min' })
  if (!Object.values(modes).some(({ is_enabled }) => is_enabled))
    problems.push({ pointer: '/modes', detail: 'one of the modes must be enabled' })
  return problems
}

function bandProblems({ severity_bands, engine }: ResolvedConfig['scoring']): FieldError[] {
  const problems: FieldError[] = []
  const sorted = Object.entries(severity_bands).sort(([, a], [, b]) => a.from - b.from || a.to - b.to)
  sorted.forEach(([id, { from, to }], n) => {
    const pointer = `/scoring/severity_bands/${id}`
    const before = sorted[n - 1]
    if (to <= from) problems.push({ pointer: `${pointer}/to`, detail: 'must be greater than from' })
    else if (from < engine.scale_min || to > engine.scale_max)
      problems.push({ pointer, detail: `must be within ${engine.scale_min} and ${engine.scale_max}` })
    // A band has its lower end, and not its upper one. So two may touch.
    if (before && from < before[1].to) problems.push({ pointer, detail: `overlaps the band ${before[0]}` })
  })
  return problems
}

type Mode = ResolvedConfig['modes'][string]

function modeProblems(
  pointer: string,
  { kind, scale, items }: Mode,
  archetypes: ResolvedConfig['archetypes'],
): FieldError[] {
  const problems: FieldError[] = []
  const weigh = (weights: Record<string, number>, at: string) => {
    for (const id of Object.keys(weights))
      if (!Object.hasOwn(archetypes, id))
        problems.push({ pointer: `${at}/${id}`, detail: 'is no archetype of this framework' })
  }
  if (kind === 'scale' && !(scale && scale.max > scale.min))
    problems.push({ pointer: `${pointer}/scale`, detail: 'must have a max that is greater than its min' })
  for (const [id, item] of Object.entries(items)) {
    const at = `${pointer}/items/${id}`
    if (kind === 'scale') {
      if (!item.weights) problems.push({ pointer: at, detail: 'must have weights' })
      else weigh(item.weights, `${at}/weights`)
    } else if (Object.keys(item.options ?? {}).length < 2)
      problems.push({ pointer: at, detail: 'must have at least two options' })
    else
      for (const [option, { weights }] of Object.entries(item.options ?? {}))
        weigh(weights, `${at}/options/${option}/weights`)
  }
  return problems
}

/** A pointer into the resolved configuration, as one into the columns that a tenant writes. */
function intoColumns(pointer: string): string {
  const [, part, ...rest] = pointer.split('/')
  const column = columns.find((one) => partOf[one] === part)
  return column === undefined ? pointer : ['', column, ...rest].join('/')
}
