import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const nodeModules = fileURLToPath(new URL('../../node_modules', import.meta.url))

export interface PackageRegistry {
  url: string
  /** "name@version" of every package that was downloaded. */
  downloads: Set<string>
  stop(): Promise<void>
}

/**
 * An npm registry that has what stands in node_modules, in the versions that stand there, and nothing else. So a
 * function resolves its npm: specifiers as it does on hosted, from a registry, without the network and
 * without a node_modules folder near the uploaded files.
 */
export async function startPackageRegistry(): Promise<PackageRegistry> {
  const packed = new Map<string, Promise<Buffer>>()
  const downloads = new Set<string>()
  let url = ''

  const tarball = (folder: string) => {
    let made = packed.get(folder)
    if (!made) {
      made = pack(folder)
      packed.set(folder, made)
    }
    return made
  }
  const nested = await nestedFolders()
  /** The folders of a package, each in another version; the one that most packages use comes first. */
  const foldersOf = (name: string) =>
    [join(nodeModules, name), ...nested].filter(
      (folder) => folder.endsWith(`/node_modules/${name}`) && existsSync(folder),
    )

  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(request.url ?? '/').slice(1)
    const name = path.replace(/\/-\/[^/]+$/, '')
    const asked = path.endsWith('.tgz') ? basename(path, '.tgz') : undefined
    try {
      const folders = /^(@[\w.-]+\/)?[\w-][\w.-]*$/.test(name) ? foldersOf(name) : []
      if (folders.length === 0) {
        response.writeHead(404).end('{}')
        return
      }
      const versions: Record<string, object> = {}
      for (const folder of folders) {
        const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
        if (versions[manifest.version] || (asked !== undefined && asked !== manifest.version)) continue
        const bytes = await tarball(folder)
        if (asked !== undefined) {
          downloads.add(`${name}@${manifest.version}`)
          response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(bytes)
          return
        }
        const dist = {
          tarball: `${url}/${name}/-/${manifest.version}.tgz`,
          integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
        }
        versions[manifest.version] = { ...manifest, dist }
      }
      const packument = { name, 'dist-tags': { latest: Object.keys(versions)[0] }, versions }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(packument))
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    downloads,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A package as npm packs it: everything under one folder named "package". */
async function pack(source: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-pack-'))
  try {
    await symlink(source, join(folder, 'package'))
    const out = join(folder, 'package.tgz')
    await promisify(execFile)('tar', [
      '-czhf',
      out,
      '--exclude=package/node_modules',
      '-C',
      folder,
      'package',
    ])
    return await readFile(out)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Where packages stand in versions of their own, inside the packages that need those. */
async function nestedFolders(): Promise<string[]> {
  const lock = JSON.parse(await readFile(join(nodeModules, '.package-lock.json'), 'utf8'))
  return Object.keys(lock.packages)
    .filter((path) => path.split('node_modules/').length > 2)
    .map((path) => join(nodeModules, '..', path))
}
