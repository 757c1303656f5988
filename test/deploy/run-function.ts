import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startGuard } from '../../stack/processes/processes.ts'
import type { StackAccess } from '../kit/stack.ts'
import { project } from './deploy-functions.ts'
import type { UploadedFunction } from './management-api.ts'

export interface RunningFunction {
  /** Without a slash at the end; a path starts with the function's name, as on hosted. */
  url: string
  stop(): Promise<void>
}

/** The variables a hosted function finds, and the project's own secrets. */
function hostedEnvironment(stack: StackAccess): Record<string, string> {
  return {
    SUPABASE_URL: stack.api_url,
    SUPABASE_DB_URL: stack.db_url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.publishable_key }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: stack.secret_key }),
    SUPABASE_JWKS: JSON.stringify({ keys: [] }),
    TENANTRY_JWT_SECRET: stack.jwt_secret,
    TENANTRY_KEY_PEPPER: 'a-pepper-of-this-test-and-nobody-elses',
    TENANTRY_BASE_DOMAINS: 'localhost',
  }
}

/**
 * Runs an uploaded function from a folder that holds its uploaded files and nothing else. As hosted
 * does, it is started by the metadata alone (entrypoint and import map), finds its npm packages in a
 * registry, and gets neither a node_modules folder nor a package.json. It may not read or write files.
 */
export async function runFunction(
  uploaded: UploadedFunction,
  stack: StackAccess,
  registryUrl: string,
): Promise<RunningFunction> {
  const home = await mkdtemp(join(tmpdir(), 'tenantry-hosted-'))
  const source = join(home, 'source')
  for (const [path, text] of uploaded.files) {
    await mkdir(dirname(join(source, path)), { recursive: true })
    await writeFile(join(source, path), text)
  }
  const { entrypoint_path, import_map_path } = uploaded.metadata
  const port = await findFreePort()
  const child = spawn(
    join(project, 'node_modules/.bin/deno'),
    [
      ...['run', '--no-prompt', '--no-lock', '--no-remote', '--config', join(source, import_map_path)],
      ...['--allow-net', '--allow-env', '--v8-flags=--max-old-space-size=256'],
      join(source, entrypoint_path),
    ],
    {
      cwd: source,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        // A cache of its own: what is found there was in the registry.
        HOME: home,
        DENO_DIR: join(home, 'deno'),
        NPM_CONFIG_REGISTRY: registryUrl,
        DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
        DENO_NO_UPDATE_CHECK: '1',
        NO_COLOR: '1',
        ...hostedEnvironment(stack),
      },
    },
  )
  const guard = startGuard()
  guard.watch(child, 'KILL')
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const exited = once(child, 'exit').catch(() => {})

  const running: RunningFunction = {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGKILL')
      await exited
      guard.dismiss()
      await rm(home, { recursive: true, force: true })
    },
  }
  for (const until = Date.now() + 110_000; Date.now() < until; await sleep(50)) {
    if (child.exitCode !== null) break
    const isUp = await fetch(`${running.url}/${uploaded.slug}/openapi.json`).then(
      (response) => response.body?.cancel().then(() => true),
      () => false,
    )
    if (isUp) return running
  }
  await running.stop()
  throw new Error(`The uploaded function ${uploaded.slug} does not start:\n${output}`)
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
