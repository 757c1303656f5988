import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface InstalledPackage {
  /** A folder that has the package in node_modules, and nothing of this repository. */
  folder: string
  /** What the tarball holds. */
  files: string[]
  remove(): Promise<void>
}

/** Packs the client as `npm publish` would, and installs the tarball into an empty folder. */
export async function installPackage(): Promise<InstalledPackage> {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-client-'))
  const packed = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: 'lib/client' })
  const [tarball] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'))
  await writeFile(join(folder, 'package.json'), '{"private": true, "type": "module"}')
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`], {
    cwd: folder,
  })
  return {
    folder,
    files: filesOf(packed.stdout),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/** npm 11 and older answer a list, npm 12 an object by package name; the build may print before it. */
function filesOf(stdout: string): string[] {
  const json = JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as Record<
    string,
    { files: { path: string }[] }
  >
  return Object.values(json).flatMap(({ files }) => files.map(({ path }) => path))
}

/** Every file a browser has to load for the package, by the path it is served under. */
export async function browserFiles(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  const dist = join(folder, 'node_modules/@tenantry/client/dist')
  for (const name of await readdir(dist)) {
    if (name.endsWith('.js')) files.set(`/client/${name}`, await readFile(join(dist, name), 'utf8'))
  }
  const core = join(folder, 'node_modules/openapi-fetch/dist/index.mjs')
  return files.set('/openapi-fetch.js', await readFile(core, 'utf8'))
}
