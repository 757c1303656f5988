import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installExtensions, serverSettings } from '../extensions/index.ts'
import { startGuard } from '../processes/processes.ts'
import { createSecrets, databaseUrl } from '../secrets.ts'
import { bootstrap } from './bootstrap.ts'
import { connected } from './connected.ts'
import { Postgres } from './postgres.ts'

/** A database like an empty hosted project's. */
export interface ScratchDatabase {
  /** As the superuser. */
  adminUrl: string
  /** As the role postgres, which migrations run as. */
  url: string
}

/** A server of its own for databases that are only made to be looked at. No job runs in them. */
export interface ScratchServer {
  /** An empty one, or a copy of one to which nobody is connected. */
  makeDatabase(original?: ScratchDatabase): Promise<ScratchDatabase>
  stop(): Promise<void>
}

export async function startScratchServer(): Promise<ScratchServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-scratch-'))
  const guard = startGuard()
  const discard = async () => {
    guard.dismiss()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    // mkdtemp makes it for this user alone; run as root, Postgres is somebody else.
    await chmod(folder, 0o755)
    const file = await createSecrets()
    const postgres = new Postgres(folder)
    await postgres.prepare()
    await installExtensions(postgres.shareDir)
    await postgres.initialise(file.database_passwords.supabase_admin)
    const settings = [...(await serverSettings(folder)), '-c', 'fsync=off']
    const server = await postgres.start(guard, undefined, settings)
    try {
      await bootstrap(file, server.port)
    } catch (error) {
      await server.stop()
      throw error
    }
    const urlOf = (role: 'supabase_admin' | 'postgres', database: string) => {
      const url = new URL(databaseUrl(file, role, server.port))
      url.pathname = `/${database}`
      return url.href
    }
    let made = 0
    return {
      async makeDatabase(original) {
        const name = `scratch_${++made}`
        const template = original ? new URL(original.url).pathname.slice(1) : 'postgres'
        await connected(urlOf('supabase_admin', 'template1'), async (db) => {
          await db.query(`create database ${name} template ${template} owner postgres`)
          // A copy leaves settings of the database behind.
          await db.query(`alter database ${name} set search_path to "$user", public, extensions`)
        })
        return { adminUrl: urlOf('supabase_admin', name), url: urlOf('postgres', name) }
      },
      async stop() {
        await server.stop()
        await discard()
      },
    }
  } catch (error) {
    await discard()
    throw error
  }
}

/** A server for one piece of work. */
export async function withScratchServer<Result>(
  work: (server: ScratchServer) => Promise<Result>,
): Promise<Result> {
  const server = await startScratchServer()
  try {
    return await work(server)
  } finally {
    await server.stop()
  }
}
