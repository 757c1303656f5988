import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { migrate } from '../../stack/database/migrate.ts'
import { type ScratchServer, startScratchServer } from '../../stack/database/scratch-server.ts'
import { draftMigration } from '../../stack/release/draft.ts'
import { recordRelease } from '../../stack/release/record.ts'
import { proveUpgrade } from '../../stack/release/upgrade.ts'
import { createSecrets } from '../../stack/secrets.ts'
import { copyProject } from '../kit/project-copy.ts'
import { runStack } from '../kit/stack.ts'

export type World = Awaited<ReturnType<typeof makeWorld>>

/** A copy of this project that has released nothing yet, and a server for its databases. */
export async function makeWorld() {
  const copy = await copyProject()
  const { root } = copy
  await rm(join(root, 'supabase/released.json'), { force: true })
  const server: ScratchServer = await startScratchServer()
  return {
    copy,
    root,
    server,
    /** Runs a command of stack/cli. */
    command: (name: string, ...args: string[]) => runStack(args, join(root, `stack/cli/${name}.ts`)),
    record: (version: string) => recordRelease(server, root, version),
    draft: (name: string) => draftMigration(server, root, name),
    problems: async () => (await proveUpgrade(server, root)).problems,
    /** The migration whose file name ends like this. */
    async migrationNamed(end: string): Promise<string> {
      const names = await readdir(join(root, 'supabase/migrations'))
      return `supabase/migrations/${names.find((name) => name.endsWith(end))}`
    },
    /** A data folder's database, and what npm start does with it: it gives the number of migrations applied. */
    async makeDataFolder() {
      const { url } = await server.makeDatabase()
      const stackFile = await createSecrets()
      return { url, stackFile, start: () => migrate(root, url, root, stackFile) }
    },
    async stop(): Promise<void> {
      await server.stop()
      await copy.remove()
    },
  }
}
