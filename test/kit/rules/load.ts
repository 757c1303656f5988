import { readdirSync } from 'node:fs'
import { basename } from 'node:path'

const tests = new URL('../../', import.meta.url)

/** What a file of rules is about: its name says so. Any noun stands for the isolation of its tables and functions. */
export type RuleKind = 'isolation' | 'routes' | 'lists' | 'catalog' | 'limits'

export interface RuleFile<Rules> {
  /** Below test/. */
  file: string
  rules: Rules
}

/** Every file of rules of a kind, wherever it stands: what its default export declares. */
export async function loadRules<Rules>(kind: RuleKind, folder = tests): Promise<RuleFile<Rules>[]> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.rules.ts') && kindOf(file) === kind)
    .sort()
  return Promise.all(
    files.map(async (file) => {
      const module = (await import(new URL(file, folder).href)) as { default: Rules }
      return { file, rules: module.default }
    }),
  )
}

function kindOf(file: string): RuleKind {
  const name = basename(file, '.rules.ts')
  return name === 'routes' || name === 'lists' || name === 'catalog' || name === 'limits' ? name : 'isolation'
}

/**
 * One table of what many files declare.
 *
 * @throws when two of them declare the same: either could be wrong, and nobody would notice which counts.
 */
export function mergeOnce<Rule>(
  kind: string,
  files: RuleFile<Record<string, Rule> | undefined>[],
): Record<string, Rule> {
  const merged = new Map<string, { file: string; rule: Rule }>()
  for (const { file, rules } of files) {
    for (const [name, rule] of Object.entries(rules ?? {})) {
      const first = merged.get(name)
      if (first) throw new Error(`${kind} ${name} has two rules: in test/${first.file} and in test/${file}`)
      merged.set(name, { file, rule })
    }
  }
  return Object.fromEntries([...merged].map(([name, { rule }]) => [name, rule]))
}
