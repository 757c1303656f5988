import { randomUUID } from 'node:crypto'
import { chmod, chown, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Connection } from '../connection.ts'

/** How the scheduler logs in as a job's role. */
export interface JobServer {
  host: string
  port: number
}

interface Settings extends JobServer {
  hba: string
  ident: string
  user: string
  database: string
}

/**
 * Lets the scheduler log in as any role without a password. This works only through the server's Unix socket, and
 * only for the operating-system user that runs the stack. That user owns the data anyway.
 *
 * A job must log in as its own role. `set session authorization` in a superuser's session would not be enough: with
 * `reset session authorization` in its command the job would be the superuser again.
 */
export async function allowJobLogins(admin: Connection): Promise<JobServer> {
  const [settings] = await admin.query<Settings>(
    `select current_setting('hba_file') as hba, current_setting('ident_file') as ident,
       split_part(current_setting('unix_socket_directories'), ',', 1) as host,
       current_setting('port')::int as port, current_user as user, current_database() as database`,
  )
  const { hba, ident, host, port, user, database } = settings as Settings
  if (!host.startsWith('/')) throw new Error('cron jobs need a server that listens on a Unix socket')

  const mapped = await putFirst(ident, `tenantry_cron "${userInfo().username}" all`)
  const allowed = await putFirst(hba, 'local all all peer map=tenantry_cron')
  if (mapped || allowed) {
    await admin.query('select pg_reload_conf()')
    await untilAccepted({ host, port, user, database })
  }
  return { host, port }
}

/** The first rule that matches decides, so this one is at the top. Returns whether it had to be added. */
async function putFirst(file: string, line: string): Promise<boolean> {
  const present = await readFile(file, 'utf8')
  if (present.split('\n').includes(line)) return false
  // Renamed into place, because a server that finds half of this file does not start.
  const draft = `${file}.${randomUUID()}`
  const { uid, gid, mode } = await stat(file)
  await writeFile(draft, `${line}\n${present}`)
  await chmod(draft, mode)
  if (process.getuid?.() === 0) await chown(draft, uid, gid)
  await rename(draft, file)
  return true
}

/** The server reads its files again a moment after the request. */
async function untilAccepted(login: pg.ClientConfig): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const client = new pg.Client(login)
    client.on('error', () => {})
    try {
      await client.connect()
      return
    } catch (error) {
      if (attempt === 50) throw error
      await sleep(50)
    } finally {
      await client.end().catch(() => {})
    }
  }
}
