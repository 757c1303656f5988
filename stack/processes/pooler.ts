import { type ChildProcess, spawn } from 'node:child_process'
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { StackFailure } from '../failure.ts'
import { say } from '../log.ts'
import { databaseUrl, type StackFile } from '../secrets.ts'
import { findPgBouncer, postgresUser } from './binaries.ts'
import { answers, findPort } from './ports.ts'
import type { Guard } from './processes.ts'

export interface Pooler {
  readonly pid: number | undefined
  readonly port: number
  /** The connection string that a function gets, as TENANTRY_DB_URL. */
  readonly url: string
  stop(): Promise<void>
}

/** As many connections to Postgres as a small hosted project gives to its pooler. */
const serverConnections = 10

/**
 * Puts PgBouncer in transaction mode between the functions and Postgres, as a hosted project has its pooler. It is
 * as strict as it can be: it refuses every startup parameter that it does not know, and keeps no prepared statement.
 */
export async function startPooler(
  dataDir: string,
  file: StackFile,
  dbPort: number,
  guard: Guard,
): Promise<Pooler> {
  const binary = findPgBouncer()
  const port = await findPort()
  const config = await writeConfig(join(dataDir, 'pooler'), file, dbPort, port)
  const user = postgresUser()
  let child: ChildProcess | null = null
  let isStopping = false
  const launch = () => {
    child = spawn(binary, ['--quiet', config], {
      ...(user && { uid: user.uid, gid: user.gid }),
      detached: true,
      stdio: 'ignore',
    })
    guard.watch(child, 'KILL')
    child.once('error', (error) => say(`[pooler] ${error.message}`))
    child.once('exit', (code, signal) => {
      child = null
      if (isStopping) return
      say(`The pooler ended (${signal ?? `code ${code}`}); starting it again`)
      setTimeout(() => isStopping || launch(), 250).unref()
    })
  }
  launch()
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries < 100) await sleep(50)
    else {
      const log = await readFile(join(dataDir, 'pooler', 'pgbouncer.log'), 'utf8').catch(() => '')
      throw new StackFailure(`PgBouncer did not start: ${log.trim().split('\n').at(-1) || 'it said nothing'}`)
    }
  }
  return {
    get pid() {
      return child?.pid
    },
    port,
    url: databaseUrl(file, 'postgres', port),
    async stop() {
      isStopping = true
      if (!child) return
      const ended = new Promise((resolve) => child?.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function writeConfig(folder: string, file: StackFile, dbPort: number, port: number): Promise<string> {
  const config = join(folder, 'pgbouncer.ini')
  const users = join(folder, 'users.txt')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(users, `"postgres" "${file.database_passwords.postgres}"\n`, { mode: 0o600 })
  await writeFile(
    config,
    `[databases]
postgres = host=127.0.0.1 port=${dbPort} dbname=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
logfile = ${join(folder, 'pgbouncer.log')}
pool_mode = transaction
default_pool_size = ${serverConnections}
max_client_conn = 500
query_wait_timeout = 10
`,
    { mode: 0o600 },
  )
  const user = postgresUser()
  if (user) for (const path of [folder, users, config]) await chown(path, user.uid, user.gid)
  return config
}
