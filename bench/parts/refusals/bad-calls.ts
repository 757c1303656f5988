import type { Arguments, Callable } from './calls.ts'
import { goodCalls, plain } from './good-calls.ts'
import { usual } from './usual-arguments.ts'
import { worstOf } from './values.ts'
import type { World } from './world.ts'

/** The arguments of a call that is not refused. */
export function goodArguments({ name, parameters }: Callable, world: World): Arguments {
  const given: Arguments = {}
  for (const parameter of parameters) {
    if (parameter.isOptional) continue
    given[parameter.name] = usual[parameter.name]?.(world) ?? plain[parameter.type]
  }
  return { ...given, ...goodCalls[name]?.given?.(world) }
}

export interface BadCall {
  what: string
  args: Arguments
  /** Of the one bad value, if that is all that is sent besides a few bytes. */
  type?: string
}

/** The same call with one value after the other as bad as it can be, of n parts each. */
export function badCalls(callable: Callable, world: World, n: number): BadCall[] {
  const good = goodArguments(callable, world)
  const { around = {}, isParallel = false, withoutNumbers = [] } = goodCalls[callable.name] ?? {}
  const bad: BadCall[] = []
  for (const { name, type } of callable.parameters) {
    for (const [what, make] of worstOf[type] ?? []) {
      if (what.endsWith('numbers') && withoutNumbers.includes(name)) continue
      const value = make(n)
      bad.push({ what: `${name}: ${what}`, args: { ...good, [name]: value }, type })
      for (const wrap of around[name] ?? []) {
        const wrapped = wrap(value)
        const inside = Object.keys(wrapped as object).join()
        bad.push({ what: `${name}: ${what} in ${inside}`, args: { ...good, [name]: wrapped } })
      }
    }
  }
  if (isParallel) {
    const lists = callable.parameters.filter(({ type }) => type.endsWith('[]'))
    const filled = lists.map(({ name }) => {
      const [first] = good[name] as unknown[]
      // Equal ids would be one event.
      return [name, Array.from({ length: n }, (_, i) => (name === 'event_ids' ? `e${i}` : first))]
    })
    bad.push({ what: 'every list', args: { ...good, ...Object.fromEntries(filled) } })
  }
  return bad
}
