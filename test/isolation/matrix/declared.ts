import { loadRules, mergeOnce } from '../../kit/rules/load.ts'
import type { IsolationRules } from './rules.ts'

export type Rules = Required<IsolationRules>

const files = await loadRules<IsolationRules>('isolation')

/** What all domains declare, as one. */
export const declared: Rules = mergeRules(files)

export function mergeRules(declarations: typeof files): Rules {
  const merge = <Rule>(kind: string, pick: (rules: IsolationRules) => Record<string, Rule> | undefined) =>
    mergeOnce(
      kind,
      declarations.map(({ file, rules }) => ({ file, rules: pick(rules) })),
    )
  return {
    relations: merge('relation', (rules) => rules.relations),
    functions: merge('function', (rules) => rules.functions),
    privateCalls: merge('private function', (rules) => rules.privateCalls),
    privateFunctions: merge('private function', (rules) => rules.privateFunctions),
    rows: merge('row of', (rules) => rules.rows),
    conditions: declarations.flatMap(({ rules }) => rules.conditions ?? []),
  }
}
