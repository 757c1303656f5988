import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
 * An npm registry that has what stands in node_modules, in that one version, and nothing else. So a
 * function resolves its npm: specifiers as it does on hosted, from a registry, without the network and
 * without a node_modules folder near the uploaded files.
 */
export async function startPackageRegistry(): Promise<PackageRegistry> {
  const packed = new Map<string, Promise<Buffer>>()
  const downloads = new Set<string>()
  let url = ''

  const tarball = (name: string) => {
    let made = packed.get(name)
    if (!made) {
      made = pack(name)
      packed.set(name, made)
    }
    return made
  }

  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(request.url ?? '/').slice(1)
    const isTarball = path.endsWith('.tgz')
    const name = isTarball ? path.replace(/\/-\/[^/]+$/, '') : path
    try {
      if (!/^(@[\w.-]+\/)?[\w-][\w.-]*$/.test(name) || !existsSync(join(nodeModules, name))) {
        response.writeHead(404).end('{}')
        return
      }
      const manifest = JSON.parse(await readFile(join(nodeModules, name, 'package.json'), 'utf8'))
      const bytes = await tarball(name)
      if (isTarball) {
        downloads.add(`${name}@${manifest.version}`)
        response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(bytes)
        return
      }
      const dist = {
        tarball: `${url}/${name}/-/package.tgz`,
        integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
      }
      const packument = {
        name,
        'dist-tags': { latest: manifest.version },
        versions: { [manifest.version]: { ...manifest, dist } },
      }
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
async function pack(name: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-pack-'))
  try {
    await symlink(join(nodeModules, name), join(folder, 'package'))
    const out = join(folder, 'package.tgz')
    await promisify(execFile)('tar', ['-czhf', out, '-C', folder, 'package'])
    return await readFile(out)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
