import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
const kept = join(root, 'node_modules/.cache/tenantry-data')
const hourMs = 3_600_000

/** What decides what a first start leaves. */
const sources = ['supabase/migrations', 'supabase/config.toml', 'stack', 'package-lock.json']

/**
 * Fills an empty data folder with what the first start of this project leaves in one, tenants aside. The migrations are most
 * of a start, so that start happens once for each state of the sources, and the folder is kept beside the packages. All
 * copies have the same keys and passwords.
 *
 * @param firstStart starts a stack on an empty folder, stops it, and gives the folder
 */
export async function fillDataDir(dataDir: string, firstStart: () => Promise<string>): Promise<void> {
  const made = join(kept, await hashOfSources())
  if (existsSync(made)) await utimes(made, new Date(), new Date())
  else await make(made, firstStart)
  // The files belong to the same users as the originals, which fs.cp does not see to.
  await run('cp', ['-a', `${made}/.`, dataDir])
}

async function make(made: string, firstStart: () => Promise<string>): Promise<void> {
  const from = await firstStart()
  // The ports are not for copies, which run side by side.
  const path = join(from, 'stack.json')
  const { runtime: _, ...file } = JSON.parse(await readFile(path, 'utf8')) as { runtime: unknown }
  await writeFile(path, JSON.stringify(file))
  await mkdir(kept, { recursive: true })
  // Two runs may make it at once. Each has a folder of its own, and a rename shows it whole.
  const mine = `${made}.${process.pid}`
  await run('cp', ['-a', from, mine])
  await rm(from, { recursive: true, force: true })
  await rename(mine, made).catch(() => rm(mine, { recursive: true, force: true }))
  for (const name of await readdir(kept)) {
    const used = await stat(join(kept, name)).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    )
    if (Date.now() - used > hourMs) await rm(join(kept, name), { recursive: true, force: true })
  }
}

async function hashOfSources(): Promise<string> {
  // The months that partitioned tables begin with are counted from the day of the first start.
  const hash = createHash('sha256').update(new Date().toISOString().slice(0, 10))
  for (const source of sources) {
    const path = join(root, source)
    const files = (await stat(path)).isFile()
      ? [path]
      : (await readdir(path, { recursive: true, withFileTypes: true }))
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .sort()
    for (const file of files) hash.update(`${file}\0`).update(await readFile(file))
  }
  return hash.digest('hex').slice(0, 16)
}
