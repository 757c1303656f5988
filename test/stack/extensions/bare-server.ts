import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { Postgres } from '../../../stack/database/postgres.ts'
import { installExtensions, serverSettings, startExtensionWorkers } from '../../../stack/extensions/index.ts'
import { startGuard } from '../../../stack/processes/processes.ts'

const PASSWORD = 'bare-server'

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
  const postgres = new Postgres(dataDir)
  await postgres.prepare()
  await installExtensions(postgres.shareDir)
  await postgres.initialise(PASSWORD)
  // A test run that is killed leaves no server behind.
  const guard = startGuard()
  const settings = ['-c', 'fsync=off', ...(await serverSettings(dataDir))]
  let running = await postgres.start(guard, undefined, settings)
  const { port } = running

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
      const ended = new Promise((resolve) => running.child.once('exit', resolve))
      running.child.kill('SIGKILL')
      await ended
      running = await postgres.start(guard, port, settings)
      if (running.port !== port) throw new Error(`somebody else listens on port ${port}`)
    },
    async stop() {
      await server.stopWorkers()
      await Promise.all(clients.map((client) => client.end().catch(() => {})))
      await running.stop()
      guard.dismiss()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
  await createRoles(await server.connect('supabase_admin'))
  return server
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
export async function waitFor(isSo: () => Promise<boolean>, timeoutMs = 90_000): Promise<void> {
  const giveUpAt = performance.now() + timeoutMs
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) throw new Error(`did not happen within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
