import { execFile } from 'node:child_process'
import { chmod, chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { postgresUser } from '../processes/server-user.ts'
import { connected } from './connected.ts'

const run = promisify(execFile)

/**
 * Copies a running server to a new folder `home`/postgres, which starts as a standby. The binaries come without
 * pg_basebackup. This is what it does. With a slot, the primary keeps the log that the copy will need.
 */
export async function copyServer(
  { dataDir, adminUrl }: { dataDir: string; adminUrl: string },
  home: string,
  slot?: string,
): Promise<void> {
  const folder = join(home, 'postgres')
  await connected(adminUrl, async (db) => {
    if (slot) await db.query('select pg_create_physical_replication_slot($1, true)', [slot])
    await db.query('select pg_backup_start($1, true)', [slot ?? 'replica'])
    // Files may go away meanwhile, and the log tells of it. The standby does not start if it lacks one.
    await run('cp', ['-a', join(dataDir, 'postgres'), folder]).catch(() => {})
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
  // Triggers read secrets once it is promoted.
  await run('cp', ['-a', join(dataDir, 'vault.key'), home])
}

/** Where a standby gets the log from, as settings of its server. */
export function followSettings(adminUrl: string, slot?: string): string[] {
  const { hostname, port, username, password } = new URL(adminUrl)
  const source = `host=${hostname} port=${port} user=${username} password=${password}`
  return [
    ...['-c', `primary_conninfo=${source}`, '-c', 'hot_standby_feedback=on', '-c', 'fsync=off'],
    ...(slot ? ['-c', `primary_slot_name=${slot}`] : []),
  ]
}
