import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { chmod, chown, mkdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf, StackFailure } from '../failure.ts'
import {
  findPostgres,
  type PostgresBinaries,
  postgresUser,
  requireTraversable,
  type SystemUser,
} from '../processes/binaries.ts'
import { findPort } from '../processes/ports.ts'
import type { Guard } from '../processes/processes.ts'

const major = '17'
const logLimitBytes = 16 * 1024 * 1024

export interface Server {
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}

export class Postgres {
  private readonly dataDir: string
  private readonly folder: string
  private readonly logFile: string
  private binaries!: PostgresBinaries
  private user: SystemUser | null = null

  constructor(dataDir: string) {
    this.dataDir = dataDir
    this.folder = join(dataDir, 'postgres')
    this.logFile = join(dataDir, 'postgres.log')
  }

  get shareDir(): string {
    return this.binaries.shareDir
  }

  /** Finds the binaries and checks the folder, so that errors are reported before anything starts. */
  async prepare(): Promise<void> {
    this.binaries = await findPostgres()
    this.user = postgresUser()
    if (this.user) {
      await requireTraversable(this.folder)
      await requireTraversable(this.binaries.postgres)
    }
    if (!existsSync(this.folder)) return
    const version = await readFile(join(this.folder, 'PG_VERSION'), 'utf8').catch((error) => {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
      throw error
    })
    if (version === null) {
      throw new StackFailure(
        `${this.folder} is not a Postgres data folder (it has no PG_VERSION): point --data elsewhere, or run "npm run reset" to start over.`,
      )
    }
    if (version.trim() !== major) {
      throw new StackFailure(
        `${this.folder} was made by Postgres ${version.trim()} and this stack runs ${major}: point --data elsewhere, or run "npm run reset" to start over.`,
      )
    }
  }

  isInitialised(): boolean {
    return existsSync(join(this.folder, 'PG_VERSION'))
  }

  /** initdb, in a folder beside the real one, so that a kill in the middle leaves nothing half-made. */
  async initialise(superuserPassword: string): Promise<void> {
    const making = `${this.folder}.new`
    const passwordFile = join(this.dataDir, 'initdb-password')
    await rm(making, { recursive: true, force: true })
    await mkdir(making, { mode: 0o700 })
    await writeFile(passwordFile, superuserPassword, { mode: 0o600 })
    try {
      if (this.user) {
        await chown(making, this.user.uid, this.user.gid)
        await chown(passwordFile, this.user.uid, this.user.gid)
      }
      // The builtin provider sorts and folds case the same way on every machine.
      await this.run(this.binaries.initdb, [
        `--pgdata=${making}`,
        '--username=supabase_admin',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--data-checksums',
      ])
    } finally {
      await rm(passwordFile, { force: true })
    }
    await rename(making, this.folder)
  }

  /** Starts the server on the preferred port if it is free, otherwise on any. */
  async start(
    guard: Guard,
    preferredPort: number | undefined,
    settings: string[],
  ): Promise<Server & { child: ChildProcess }> {
    await this.makeLogFile()
    const giveUpAt = Date.now() + 20_000
    for (let preferred = preferredPort; ; ) {
      const port = await findPort(preferred)
      const from = (await stat(this.logFile)).size
      const child = this.launch(port, settings)
      if (child.pid) guard.watch(child, 'INT')
      const { ready, error } = await this.becomesReady(child)
      if (ready) {
        return { port, pid: child.pid!, child, stop: () => this.stop(child) }
      }
      if (error)
        throw new StackFailure(
          `Postgres could not be run (${error.message}): check node_modules, or run "npm ci" again.`,
        )
      const log = (await readFile(this.logFile)).subarray(from).toString('utf8')
      // Lost the port to somebody between looking and listening.
      if (/Address already in use/.test(log) && Date.now() < giveUpAt) {
        preferred = undefined
        continue
      }
      // The last backends of a killed server hold its shared memory for a moment.
      if (
        /shared memory block|lock file "postmaster\.pid" already exists/.test(log) &&
        Date.now() < giveUpAt
      ) {
        await sleep(200)
        continue
      }
      const fatal =
        log
          .match(/(?:FATAL|PANIC|HINT): {2}(.*)/g)
          ?.slice(-2)
          .join(' ') ?? log.trim().split('\n').at(-1)
      throw new StackFailure(
        `Postgres did not start: ${fatal || 'it said nothing'} (all it said is in ${this.logFile}).`,
      )
    }
  }

  private launch(port: number, settings: string[]): ChildProcess {
    const log = openSync(this.logFile, 'a')
    try {
      return spawn(
        this.binaries.postgres,
        [
          ...['-D', this.folder, '-p', String(port)],
          ...['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
          ...['-c', 'max_connections=200', '-c', 'timezone=UTC', '-c', 'log_timezone=UTC'],
          ...settings,
        ],
        // A file instead of a pipe: the server must be able to log its shutdown after the gateway died.
        {
          ...this.user,
          cwd: this.folder,
          detached: true,
          stdio: ['ignore', log, log],
          env: serverEnvironment(),
        },
      )
    } finally {
      closeSync(log)
    }
  }

  private async becomesReady(child: ChildProcess): Promise<{ ready: boolean; error?: Error }> {
    let ended: { ready: false; error?: Error } | null = null
    child.once('error', (error) => (ended = { ready: false, error }))
    child.once('exit', () => (ended = { ready: false }))
    for (;;) {
      if (ended) return ended
      const lines = await this.readPidFile()
      if (lines[0] === String(child.pid) && lines[7]?.trim() === 'ready') return { ready: true }
      await sleep(15)
    }
  }

  private async stop(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGINT')
    const quit = setTimeout(() => child.kill('SIGQUIT'), 15_000)
    await ended
    clearTimeout(quit)
  }

  private async readPidFile(): Promise<string[]> {
    return (await readFile(join(this.folder, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  }

  private async makeLogFile(): Promise<void> {
    await writeFile(this.logFile, '', { flag: 'a' })
    await chmod(this.logFile, 0o600)
    if ((await stat(this.logFile)).size > logLimitBytes) await truncate(this.logFile)
  }

  private run(command: string, args: string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = spawn(command, args, { ...this.user, cwd: this.dataDir, env: serverEnvironment() })
      let said = ''
      child.stdout.on('data', (chunk) => (said += chunk))
      child.stderr.on('data', (chunk) => (said += chunk))
      child.once('error', reject)
      child.once('close', (code) => {
        if (code === 0) return resolve()
        const reason = said.match(/(?:error|FATAL): .*/gi)?.[0] ?? said.trim().split('\n').at(-1)
        reject(new StackFailure(`The database could not be made in ${this.dataDir}: ${reason}`))
      })
    })
  }
}

/** No PG* variable of the caller's shell may influence the server. */
function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, LC_ALL: 'C', TZ: 'UTC' }
}
