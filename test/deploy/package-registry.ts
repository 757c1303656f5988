import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { globSync } from 'tinyglobby'

const nodeModules = fileURLToPath(new URL('../../node_modules', import.meta.url))

export interface PackageRegistry {
  url: string
  /** "name@version" of every package that was downloaded. */
  downloads: Set<string>
  stop(): Promise<void>
}

/**
 * An npm registry that has what stands in node_modules, in that one version, and nothing else. So a
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

  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(request.url ?? '/').slice(1)
    const [name = '', file] = path.split('/-/')
    try {
      const installed = /^(@[\w.-]+\/)?[\w-][\w.-]*$/.test(name) ? await installedVersions(name) : new Map()
      if (installed.size === 0) {
        response.writeHead(404).end('{}')
        return
      }
      if (file !== undefined) {
        const version = file.replace(/\.tgz$/, '')
        downloads.add(`${name}@${version}`)
        const bytes = await tarball(installed.get(version).folder)
        response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(bytes)
        return
      }
      const versions: Record<string, object> = {}
      for (const [version, { folder, manifest }] of installed) {
        const integrity = `sha512-${createHash('sha512')
          .update(await tarball(folder))
          .digest('base64')}`
        versions[version] = { ...manifest, dist: { tarball: `${url}/${name}/-/${version}.tgz`, integrity } }
      }
      const latest = Object.keys(versions)[0]
      const packument = { name, 'dist-tags': { latest }, versions }
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

/** Every version of a package there is: the common one first, then those that npm put inside other packages. */
async function installedVersions(name: string): Promise<Map<string, { folder: string; manifest: object }>> {
  const found = new Map<string, { folder: string; manifest: object }>()
  const nested = globSync(`{*,@*/*}/node_modules/${name}/package.json`, { cwd: nodeModules })
  for (const file of [`${name}/package.json`, ...nested]) {
    const path = join(nodeModules, file)
    if (!existsSync(path)) continue
    const manifest = JSON.parse(await readFile(path, 'utf8')) as { version: string }
    if (!found.has(manifest.version)) found.set(manifest.version, { folder: dirname(path), manifest })
  }
  return found
}

/** A package as npm packs it: everything under one folder named "package". */
async function pack(source: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-pack-'))
  try {
    await symlink(source, join(folder, 'package'))
    const out = join(folder, 'package.tgz')
    await promisify(execFile)('tar', ['-czhf', out, '-C', folder, 'package'])
    return await readFile(out)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
