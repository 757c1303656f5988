import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { serverSettings } from '../extensions/index.ts'
import { type Pooler, startPooler } from '../processes/pooler.ts'
import type { Guard } from '../processes/processes.ts'
import { databaseUrl, type StackFile } from '../secrets.ts'
import { copyServer, followSettings } from './base-backup.ts'
import { Postgres } from './postgres.ts'

/** The primary keeps so much of its log for a standby that starts: no slot is left behind that would keep all of it. */
export const keptForReplica = ['-c', 'wal_keep_size=256MB']

export interface Replica {
  /** As the role that edge functions log in as. */
  readonly url: string
  stop(): Promise<void>
}

/** A streaming standby of the stack's Postgres, made anew with each start; behind a pooler of its own if it is asked for. */
export async function startReplica(
  dataDir: string,
  file: StackFile,
  dbPort: number,
  guard: Guard,
  isPooled: boolean,
): Promise<Replica> {
  const home = join(dataDir, 'replica')
  await rm(home, { recursive: true, force: true, maxRetries: 5 })
  await mkdir(home)
  const adminUrl = databaseUrl(file, 'supabase_admin', dbPort)
  const postgres = new Postgres(home)
  await postgres.prepare()
  await copyServer({ dataDir, adminUrl }, home)
  const settings = [...(await serverSettings(home)), ...followSettings(adminUrl)]
  const server = await postgres.start(guard, undefined, settings)
  const pooler: Pooler | null = isPooled ? await startPooler(home, file, server.port, guard) : null
  return {
    url: pooler?.url ?? databaseUrl(file, 'postgres', server.port),
    async stop() {
      await pooler?.stop()
      await server.stop()
    },
  }
}
