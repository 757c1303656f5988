import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A file of supabase/schemas: everything of one noun. */
export interface SchemaFile {
  /** Its path below supabase/schemas, such as "40_branding/04_domains.sql" or "80_webhooks/10_queue/04_claim.sql". */
  path: string
  sql: string
}

/**
 * The source of the schema, in order of dependency: by number, domain by domain. A large domain has folders of its own,
 * and a folder stands in the order of its number beside the files.
 */
export function readSchemas(root: string): SchemaFile[] {
  const schemas = join(root, 'supabase/schemas')
  const filesBelow = (path: string): SchemaFile[] =>
    namesIn(join(schemas, path)).flatMap((name) => {
      const inside = `${path}/${name}`
      return name.endsWith('.sql')
        ? [{ path: inside, sql: readFileSync(join(schemas, inside), 'utf8') }]
        : filesBelow(inside)
    })
  return schemaFolders(root).flatMap(filesBelow)
}

/** The folders of supabase/schemas in order, such as "40_branding". */
export const schemaFolders = (root: string): string[] => namesIn(join(root, 'supabase/schemas'))

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => /^\d\d_/.test(name))
    .sort()
}

/**
 * The migrations as they are until the first release: one file a domain, its nouns in order.
 * The folder's number becomes the minutes of the version, so a domain keeps its file when another domain is added.
 */
export function migrationsOf(schemas: SchemaFile[]): Map<string, string> {
  const migrations = new Map<string, string>()
  for (const { path, sql } of schemas) {
    const folder = path.slice(0, path.indexOf('/'))
    const file = path.slice(folder.length + 1)
    const minutes = Number(folder.slice(0, 2))
    const clock = [Math.floor(minutes / 60), minutes % 60]
      .map((part) => String(part).padStart(2, '0'))
      .join('')
    const name = `20261121${clock}00_${folder.slice(3)}.sql`
    const before =
      migrations.get(name) ??
      `-- Made by "npm run generate" from supabase/schemas/${folder}. Change it there.\n`
    migrations.set(name, `${before}\n-- ${file}\n\n${sql}`)
  }
  return migrations
}
