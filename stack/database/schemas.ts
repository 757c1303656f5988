import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A file of supabase/schemas: everything of one noun. */
export interface SchemaFile {
  /** Its path below supabase/schemas, such as "40_branding/04_domains.sql". */
  path: string
  sql: string
}

/** The source of the schema, in order of dependency: folders by their number, then files by theirs. */
export function readSchemas(root: string): SchemaFile[] {
  return schemaFolders(root).flatMap((domain) => {
    const folder = join(root, 'supabase/schemas', domain)
    return namesIn(folder).map((name) => ({
      path: `${domain}/${name}`,
      sql: readFileSync(join(folder, name), 'utf8'),
    }))
  })
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
    const [folder, file] = path.split('/') as [string, string]
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
