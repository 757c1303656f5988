import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext, Script } from 'node:vm'
import { readSchemas, schemaFolders } from '../database/schemas.ts'
import { StackFailure } from '../failure.ts'
import type { TableNames } from './names.ts'

/** What Postgres reserves: as a name, each of these would have to be quoted. */
export const sqlWords = new Set(
  `all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
  column concurrently constraint create cross current_catalog current_date current_role current_schema current_time
  current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from
  full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit
  localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references
  returning right select session_user similar some symmetric system_user table tablesample then to trailing true union
  unique user using variadic verbose when where window with`.split(/\s+/),
)

/** Comes before the catalogue of events and the routes, so it cannot have tables like those of other domains. */
const foundations = ['kernel', 'tenancy', 'audit', 'events']
/** What the written files already use for something else. */
const inUse = new Set(
  'body db hono manage page param params person problem query read ref response router tenant write'.split(
    ' ',
  ),
)
/** What JavaScript itself provides, such as Map and Date. */
const builtIns = new Set<string>(runInNewContext('Object.getOwnPropertyNames(globalThis)'))

/** @throws StackFailure, in one sentence, for a name that is reserved or that something has already. */
export function refuseTaken(root: string, names: TableNames): void {
  refuseReserved(root, names)
  refuseInSchemas(root, names)
  refuseInCode(root, names)
}

function refuseReserved(
  root: string,
  { domain, nouns, noun, Nouns, Noun, nounsName, nounName }: TableNames,
): void {
  if (foundations.includes(domain) || isNoDomain(root, domain))
    throw new StackFailure(`"${domain}" is the name of a part that is no domain: choose another.`)
  for (const word of [domain, nouns, noun])
    if (sqlWords.has(word)) throw new StackFailure(`"${word}" is reserved in SQL: choose another name.`)
  for (const word of [nouns, noun])
    if (inUse.has(word))
      throw new StackFailure(`"${word}" is in use in every file that would be written: choose another name.`)
  for (const word of [nounsName, nounName, Nouns, Noun])
    if (!isIdentifier(word) || builtIns.has(word))
      throw new StackFailure(`"${word}" is reserved in JavaScript: choose another name.`)
}

/** Whether lib or test has a folder of this name for something that has no schema. */
function isNoDomain(root: string, domain: string): boolean {
  if (schemaFolders(root).some((name) => name.slice(3) === domain)) return false
  return ['lib', 'test'].some((folder) => existsSync(join(root, folder, domain)))
}

function isIdentifier(word: string): boolean {
  try {
    new Script(`'use strict'; const ${word} = 1`)
    return word !== 'await'
  } catch {
    return false
  }
}

function refuseInSchemas(root: string, { domain, nouns, noun }: TableNames): void {
  const schemas = readSchemas(root)
  const file = schemas.find(
    ({ path }) =>
      path.slice(3, path.indexOf('/')) === domain && path.replace(/^.*\/\d\d_/, '') === `${nouns}.sql`,
  )
  if (file) throw new StackFailure(`supabase/schemas/${file.path} exists already.`)
  const created = new RegExp(`^create (unlogged )?(table|view|type) (public|private)\\.${nouns}\\b`, 'm')
  const owner = schemas.find(({ sql }) => created.test(sql))
  if (owner)
    throw new StackFailure(`The name "${nouns}" is taken: supabase/schemas/${owner.path} creates it.`)
  const teller = schemas.find(({ sql }) => sql.includes(`register_event_type('${noun}.`))
  if (teller)
    throw new StackFailure(
      `Events of "${noun}" are registered in supabase/schemas/${teller.path}: choose another name.`,
    )
}

function refuseInCode(root: string, { domain, Noun, Nouns, nounsName }: TableNames): void {
  const schemas = [Noun, Nouns, `New${Noun}`, `${Noun}Change`]
  const published = publishedSchemas(root)
  const clash = schemas.find((name) => published.has(name))
  if (clash) throw new StackFailure(`docs/openapi.json has a schema ${clash}: choose another name.`)
  for (const [path, wanted] of [
    [`functions/${domain}/index.ts`, [nounsName]],
    [`lib/${domain}/index.ts`, [...schemas, `${Noun}Path`, `${Noun}Query`]],
  ] as const) {
    const text = readIfThere(join(root, path))
    const known = wanted.find((name) => new RegExp(`\\b${name}\\b`).test(text))
    if (known) throw new StackFailure(`${path} has something called ${known} already: choose another name.`)
  }
}

function publishedSchemas(root: string): Set<string> {
  const text = readIfThere(join(root, 'docs/openapi.json'))
  if (!text) return new Set()
  const { components } = JSON.parse(text) as { components: { schemas: object } }
  return new Set(Object.keys(components.schemas))
}

const readIfThere = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '')
