import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, type Stats, statSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { messageOf, StackFailure } from '../failure.ts'
import { say } from '../log.ts'

export interface SystemUser {
  uid: number
  gid: number
}

/** What the server needs of a project that only root may enter. Nobody but root writes here. */
const shelter = '/var/lib/tenantry'

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

/** As root: every folder above the path has to let the server's user through. */
export function requireReachable(path: string, user: SystemUser): void {
  const closed = closedFolders(path, user)
  if (closed.length === 0) return
  const command = `chmod o+x ${closed.map(quoted).join(' ')}`
  throw new StackFailure(
    `Started by root, Postgres runs as the user "postgres", who cannot enter ${closed.join(' and ')}: run ${command}, or name a data folder that does not exist yet with --data DIR.`,
  )
}

/**
 * The folder itself if the server's user can enter it, or else a copy that is made once for each version of the
 * package: a fresh server's /root is closed to everybody else, and should stay so.
 */
export async function reachableCopy(folder: string, packageJson: string): Promise<string> {
  const user = postgresUser()
  if (!user || closedFolders(join(folder, 'bin'), user).length === 0) return folder
  const { name, version } = JSON.parse(await readFile(packageJson, 'utf8')) as Record<string, string>
  const copy = join(shelter, `${name!.replace('/', '-').slice(1)}-${version}`)
  if (existsSync(copy)) return copy
  try {
    await openShelter()
    const making = await mkdtemp(`${copy}.`)
    try {
      execFileSync('cp', ['-RP', `${folder}/.`, making], { stdio: 'pipe' })
      execFileSync('chmod', ['-R', 'a+rX', making], { stdio: 'pipe' })
      await rename(making, copy)
    } finally {
      await rm(making, { recursive: true, force: true })
    }
  } catch (error) {
    // Another stack may have been quicker.
    if (existsSync(copy)) return copy
    say(`           ${copy} cannot hold a copy of Postgres (${messageOf(error)})`)
    requireReachable(join(folder, 'bin'), user)
  }
  say(`           the user "postgres" cannot enter ${folder}: Postgres runs from ${copy}`)
  return copy
}

/**
 * Puts a data folder that is still empty where the server's user can enter it, with a link in its place. `dataDir` is
 * where the folder really is, and not a link to it.
 */
export async function makeReachable(dataDir: string): Promise<void> {
  const user = postgresUser()
  if (!user || closedFolders(join(dataDir, 'postgres'), user).length === 0) return
  if ((await readdir(dataDir)).length > 0) return requireReachable(join(dataDir, 'postgres'), user)
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16)
  const target = join(shelter, `data-${name}`)
  await openShelter()
  await mkdir(target, { recursive: true })
  await chmod(target, 0o755)
  await rmdir(dataDir)
  await symlink(target, dataDir)
  say(`           the user "postgres" cannot enter ${dirname(dataDir)}: the data lies in ${target}`)
}

async function openShelter(): Promise<void> {
  await mkdir(shelter, { recursive: true })
  await chmod(shelter, 0o755)
}

/** The folders above the path that the user may not enter, from the root downwards. */
function closedFolders(path: string, user: SystemUser): string[] {
  const folder = dirname(path)
  const above = folder === dirname(folder) ? [] : closedFolders(folder, user)
  const found = statSync(folder, { throwIfNoEntry: false })
  return found && !mayEnter(found, user) ? [...above, folder] : above
}

function mayEnter({ mode, uid, gid }: Stats, user: SystemUser): boolean {
  if (uid === user.uid) return (mode & 0o100) !== 0
  return (mode & (gid === user.gid ? 0o010 : 0o001)) !== 0
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
