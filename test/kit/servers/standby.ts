import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import { expect } from 'vitest'
import { copyServer, followSettings } from '../../../stack/database/base-backup.ts'
import { connected } from '../../../stack/database/connected.ts'
import { Postgres, type Server } from '../../../stack/database/postgres.ts'
import { serverSettings } from '../../../stack/extensions/index.ts'
import { listProcesses, startGuard } from '../../../stack/processes/processes.ts'
import { eventually } from '../eventually.ts'
import { makeTempDir, type StackAccess } from '../stack.ts'

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
  await copyServer({ dataDir: stack.data_dir, adminUrl: stack.admin_db_url }, home, name)
  const settings = [
    ...(await serverSettings(home)),
    ...followSettings(stack.admin_db_url, name),
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
