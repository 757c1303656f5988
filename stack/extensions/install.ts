import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'

const EXTENSIONS = { vault: 'supabase_vault', cron: 'pg_cron', net: 'pg_net' }

/**
 * Puts the control and SQL files of our replacements where `create extension` looks for them.
 * `shareDir` is the server's share folder, the one that holds `postgresql/extension`.
 * A file that already exists is not changed, so a running server is never disturbed.
 */
export async function installExtensions(shareDir: string): Promise<void> {
  const target = path.join(shareDir, 'postgresql', 'extension')
  await mkdir(target, { recursive: true })
  for (const [folder, extension] of Object.entries(EXTENSIONS)) {
    const source = path.join(import.meta.dirname, folder)
    const control = await readFile(path.join(source, `${extension}.control`), 'utf8')
    const version = /default_version = '(.+)'/.exec(control)?.[1]
    await installFile(path.join(target, `${extension}--${version}.sql`), await joinScripts(source, extension))
    // Last, so that an extension that is visible can also be created.
    await installFile(path.join(target, `${extension}.control`), control)
  }
}

/** Postgres needs one script for each version. Here it is in numbered parts. */
async function joinScripts(folder: string, extension: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const parts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')))
  return [`\\echo Use "CREATE EXTENSION ${extension}" to load this file. \\quit\n`, ...parts].join('\n')
}

/** Renamed into place, because another stack on this machine may be reading the file now. */
async function installFile(target: string, wanted: string): Promise<void> {
  const present = await readFile(target, 'utf8').catch(() => undefined)
  if (present === wanted) return
  const draft = `${target}.${randomUUID()}`
  try {
    await writeFile(draft, wanted, { mode: 0o644 })
    await rename(draft, target)
  } finally {
    await rm(draft, { force: true })
  }
}
