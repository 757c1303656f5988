import { execFile } from 'node:child_process'
import { chmod, chown, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type pg from 'pg'
import { expect } from 'vitest'
import { connected } from '../../../stack/database/connected.ts'
import { Postgres, type Server } from '../../../stack/database/postgres.ts'
import { serverSettings } from '../../../stack/extensions/index.ts'
import { listProcesses, startGuard } from '../../../stack/processes/processes.ts'
import { postgresUser } from '../../../stack/processes/server-user.ts'
import { eventually } from '../eventually.ts'
import { makeTempDir, type StackAccess } from '../stack.ts'

const run = promisify(execFile)

export interface Standby {
  /** As the role that edge functions log in as. */
  readonly url: string
  readonly port: number
  /** Runs a statement there as the superuser. */
  query<Row extends pg.QueryResultRow>(text: string): Promise<Row[]>
  /** What it was asked so far, and what it refused. */
  log(): Promise<string>
  /** Stops the server. */
  stop(): Promise<void>
  /** Starts it again on the same port. */
  start(): Promise<void>
  /** It takes connections and says nothing, until it goes on. */
  hang(): void
  goOn(): void
  /** Ends it, and removes it and what the primary keeps for it. */
  remove(): Promise<void>
}

/** A real streaming standby of a stack's Postgres: a base backup by SQL and a copy of its files, then its log. */
export async function startStandby(stack: StackAccess, name: string): Promise<Standby> {
  const home = await makeTempDir()
  const guard = startGuard()
  const postgres = new Postgres(home)
  await postgres.prepare()
  await copyFiles(stack, home, name)
  // Triggers read secrets once it is promoted.
  await run('cp', ['-a', join(stack.data_dir, 'vault.key'), home])
  const primary = new URL(stack.admin_db_url)
  const source = `host=${primary.hostname} port=${primary.port} user=${primary.username} password=${primary.password}`
  const settings = [
    ...(await serverSettings(home)),
    ...['-c', `primary_conninfo=${source}`, '-c', `primary_slot_name=${name}`],
    ...['-c', 'hot_standby_feedback=on', '-c', 'fsync=off'],
    ...['-c', 'log_statement=all'],
  ]
  let port: number | undefined
  let server: (Server & { pid: number }) | undefined
  const start = async () => {
    server = await postgres.start(guard, port, settings)
    port = server.port
  }
  await start()
  const at = (url: string) => {
    const changed = new URL(url)
    changed.port = String(port)
    return changed.href
  }
  return {
    url: at(stack.db_url),
    port: port!,
    query: <Row extends pg.QueryResultRow>(text: string) =>
      connected(at(stack.admin_db_url), async (db) => (await db.query<Row>(text)).rows),
    log: () => readFile(join(home, 'postgres.log'), 'utf8'),
    stop: () => server!.stop(),
    start,
    hang: () => signalAll('SIGSTOP', server!.pid),
    goOn: () => signalAll('SIGCONT', server!.pid),
    async remove() {
      signalAll('SIGCONT', server!.pid)
      await server!.stop()
      guard.dismiss()
      await connected(stack.admin_db_url, (db) => dropSlot(db, name))
      await rm(home, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** The primary may learn a moment later than we do that the standby has ended, and until then its slot is in use. */
async function dropSlot(db: pg.Client, name: string): Promise<void> {
  await eventually(async () => {
    const { rows } = await db.query(
      'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1 and not active',
      [name],
    )
    expect(rows).toHaveLength(1)
  })
}

/** The binaries come without pg_basebackup. This is what it does. */
async function copyFiles(stack: StackAccess, home: string, name: string): Promise<void> {
  const folder = join(home, 'postgres')
  await connected(stack.admin_db_url, async (db) => {
    // From here on the primary keeps the log that the copy will need.
    await db.query('select pg_create_physical_replication_slot($1, true)', [name])
    await db.query('select pg_backup_start($1, true)', [name])
    // Files may go away meanwhile, and the log tells of it. The standby does not start if it lacks one.
    await run('cp', ['-a', join(stack.data_dir, 'postgres'), folder]).catch(() => {})
    for (const each of ['postmaster.pid', 'postmaster.opts', 'pg_replslot', 'pg_wal'])
      await run('sh', ['-c', `find "$1/$2" -mindepth 0 -type f -delete`, 'sh', folder, each])
    await run('sh', ['-c', `find "$1/pg_replslot" -mindepth 1 -delete`, 'sh', folder])
    const { rows } = await db.query<{ labelfile: string }>('select labelfile from pg_backup_stop(false)')
    const user = postgresUser()
    for (const [file, text] of [
      ['backup_label', rows[0]!.labelfile],
      ['standby.signal', ''],
    ] as const) {
      const path = join(folder, file)
      await writeFile(path, text, { mode: 0o600 })
      if (user) await chown(path, user.uid, user.gid)
    }
    await chmod(folder, 0o700)
  })
}

/** The postmaster and each of its processes: one that is stopped alone would let the others answer. */
function signalAll(signal: 'SIGSTOP' | 'SIGCONT', postmaster: number): void {
  for (const pid of [postmaster, ...childrenOf(postmaster)])
    try {
      process.kill(pid, signal)
    } catch {
      // It has ended meanwhile.
    }
}

function childrenOf(parent: number): number[] {
  return listProcesses()
    .filter((each) => each.parent === parent)
    .map(({ pid }) => pid)
}
