import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { schemaFolders } from '../database/schemas.ts'
import { StackFailure } from '../failure.ts'
import type { TableNames } from './names.ts'

/** A file as it is to be. */
export interface PlannedFile {
  path: string
  content: string
  isNew: boolean
}

/**
 * Every file that a table needs. Only the files that all nouns of its domain share are extended; any other is new.
 *
 * @throws StackFailure when a new file exists already.
 */
export function planTable(root: string, names: TableNames): PlannedFile[] {
  const { domain, nouns, path } = names
  const fill = (template: string) => fillTemplate(template, names)
  const own = (target: string, template: string): PlannedFile => {
    if (existsSync(join(root, target))) throw new StackFailure(`${target} exists already.`)
    return { path: target, content: fill(template), isNew: true }
  }
  /** Extends a file that the nouns of a domain share, or begins it. */
  const shared = (target: string, beginning: string, change: (text: string) => string): PlannedFile => {
    const isNew = !existsSync(join(root, target))
    const before = isNew ? beginning : readFileSync(join(root, target), 'utf8')
    return { path: target, content: change(before), isNew }
  }
  const append = (template: string) => (text: string) => text + fill(template)

  const functionIndex = `functions/${domain}/index.ts`
  const isNewFunction = !existsSync(join(root, functionIndex))
  return [
    own(schemaPath(root, domain, nouns), 'table/table.sql'),
    own(`lib/${domain}/${path}/schema.ts`, 'table/lib-schema.ts'),
    own(`lib/${domain}/${path}/queries.ts`, 'table/lib-queries.ts'),
    shared(`lib/${domain}/problems.ts`, '', (text) => withImport(text) + fill('table/lib-problems.ts')),
    shared(
      `lib/${domain}/index.ts`,
      '',
      (text) => (text.includes(problems) ? text : `${problems}\n${text}`) + fill('table/lib-index.ts'),
    ),
    own(`functions/${domain}/${path}.ts`, 'table/function.ts'),
    shared(functionIndex, fill('domain/function-index.ts'), (text) => mount(text, functionIndex, names)),
    ...(isNewFunction ? [shared('supabase/config.toml', '', append('domain/config.toml'))] : []),
    own(`test/${domain}/${path}/${path}.test.ts`, 'tests/noun.test.ts'),
    own(`test/${domain}/${path}/events.test.ts`, 'tests/events.test.ts'),
    own(`test/${domain}/${path}/isolation.rules.ts`, 'tests/isolation.rules.ts'),
    own(`test/${domain}/${path}/routes.rules.ts`, 'tests/routes.rules.ts'),
    own(`test/${domain}/${path}/lists.rules.ts`, 'tests/lists.rules.ts'),
    shared(`seeds/${domain}.sql`, fill('domain/seeds.sql'), append('table/seeds.sql')),
    shared(`docs/${domain}.md`, fill('domain/docs.md'), append('table/docs.md')),
  ]
}

const problems = `import './problems.ts'\n`

/** A domain's problems, with what the constraints of another noun need. */
function withImport(text: string): string {
  const needed = /^import \{[^}]*\bdeclareConstraints\b[^}]*\} from '\.\.\/db\/index\.ts'$/m
  if (needed.test(text)) return text
  const others = /^import \{ (.*) \} from '\.\.\/db\/index\.ts'$/m
  if (others.test(text))
    return text.replace(
      others,
      (_, names: string) => `import { declareConstraints, ${names} } from '../db/index.ts'`,
    )
  return `import { declareConstraints } from '../db/index.ts'\n${text}`
}

function fillTemplate(template: string, names: TableNames): string {
  const text = readFileSync(new URL(`templates/${template}.template`, import.meta.url), 'utf8')
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = names[name as keyof TableNames]
    if (value === undefined) throw new Error(`${template} names ${name}, which no table has.`)
    return value
  })
}

/** After the nouns that the domain has. A new domain comes after all others. */
function schemaPath(root: string, domain: string, nouns: string): string {
  const folders = schemaFolders(root)
  const folder = folders.find((name) => name.slice(3) === domain) ?? `${nextNumber(folders, 10)}_${domain}`
  const inside = join(root, 'supabase/schemas', folder)
  const files = existsSync(inside) ? readdirSync(inside) : []
  return `supabase/schemas/${folder}/${nextNumber(files, 1)}_${nouns}.sql`
}

function nextNumber(names: string[], step: number): string {
  const last = Math.max(0, ...names.map((name) => Number.parseInt(name, 10) || 0))
  // Tens leave room between domains, for as long as there are tens.
  const next = last + step <= 99 ? last + step : last + 1
  if (next > 99)
    throw new StackFailure('The numbers of supabase/schemas go to 99: renumber its folders first.')
  return String(next).padStart(2, '0')
}

function mount(text: string, path: string, { path: noun, nounsName }: TableNames): string {
  const end = text.search(/\n\nDeno\.serve\(/)
  if (end < 0)
    throw new StackFailure(`${path} has no Deno.serve() on a line of its own to mount a route before.`)
  const route = `\n  .route('/${noun}', ${nounsName})`
  return `import { ${nounsName} } from './${noun}.ts'\n${text.slice(0, end)}${route}${text.slice(end)}`
}
