import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { findDeno } from '../stack/processes/binaries.ts'
import { answers, findPort } from '../stack/processes/ports.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))

export interface BenchStack {
  apiUrl: string
  /** Connects as the functions do: no superuser, but past RLS. */
  dbUrl: string
  adminUrl: string
  jwtSecret: string
  functionPort(name: string): number
  /** A connection that stays open until the stack stops. */
  connect(url: string): Promise<pg.Client>
  /** Runs a file of bench/bare with the same Deno and the same flags. Returns its port. */
  startBare(file: string, environment?: Record<string, string>): Promise<Bare>
  stop(): Promise<void>
}

interface Bare {
  port: number
  stop(): Promise<void>
}

/** The data of a stack on which nothing happened yet. Made once, because the migrations take longest. */
let empty: Promise<string> | undefined

async function makeEmpty(): Promise<string> {
  const dataDir = await makeFolder()
  const child = start(dataDir, ['--functions', ''])
  try {
    await firstLine(child)
    const { admin_db_url } = JSON.parse(await readFile(join(dataDir, 'stack.json'), 'utf8')) as {
      admin_db_url: string
    }
    await sizeMemory(admin_db_url)
  } finally {
    await end(child)
  }
  // The ports are not for its copies, which run side by side.
  const path = join(dataDir, 'stack.json')
  const { runtime: _, ...file } = JSON.parse(await readFile(path, 'utf8')) as { runtime: unknown }
  await writeFile(path, JSON.stringify(file))
  return dataDir
}

/**
 * The memory that Postgres has on a hosted project with two cores: a quarter of 8 GB. With the default of 128 MB, a table
 * of a million tenants is read from the disk's cache, and no two sizes can be compared.
 */
async function sizeMemory(adminUrl: string): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl })
  await admin.connect()
  try {
    await admin.query(`alter system set shared_buffers = '2GB'`)
  } finally {
    await admin.end()
  }
}

/** To be called at the end. */
export async function discardEmpty(): Promise<void> {
  const dataDir = await empty?.catch(() => undefined)
  if (dataDir) await rm(dataDir, { recursive: true, force: true })
}

async function makeFolder(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tenantry-bench-'))
  // Postgres runs as another user when this runs as root.
  await chmod(dataDir, 0o755)
  return dataDir
}

const start = (dataDir: string, more: string[] = []) =>
  spawn(
    process.execPath,
    [
      ...[join(root, 'stack/run.js'), join(root, 'stack/main.ts'), 'start'],
      ...['--json', '--no-seed', '--port', '0'],
      ...['--data', dataDir, ...more],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )

/**
 * A stack of its own in a temporary folder, without demo tenants and with only these functions. stop() removes
 * everything.
 */
export async function bootStack(functions: string[], more: string[] = []): Promise<BenchStack> {
  const dataDir = await makeFolder()
  const stops: (() => Promise<unknown>)[] = [() => rm(dataDir, { recursive: true, force: true })]
  const stop = async () => {
    for (const undo of stops.splice(0).reverse()) await undo().catch(() => {})
  }
  try {
    empty ??= makeEmpty()
    // The copies belong to the same users as the originals, which fs.cp does not see to.
    await run('cp', ['-a', `${await empty}/.`, dataDir])
    const child = start(dataDir, ['--functions', functions.join(','), ...more])
    stops.push(() => end(child))
    const line = JSON.parse(await firstLine(child)) as { api_url: string; db_url: string }
    const file = JSON.parse(await readFile(join(dataDir, 'stack.json'), 'utf8')) as {
      admin_db_url: string
      jwt_secret: string
      runtime: { functions: Record<string, { port: number }> }
    }
    return {
      apiUrl: line.api_url,
      dbUrl: line.db_url,
      adminUrl: file.admin_db_url,
      jwtSecret: file.jwt_secret,
      functionPort(name) {
        const running = file.runtime.functions[name]
        if (!running) throw new Error(`The stack runs no function "${name}".`)
        return running.port
      },
      async connect(url) {
        const client = new pg.Client({ connectionString: url, application_name: 'tenantry-bench' })
        await client.connect()
        stops.push(() => client.end())
        return client
      },
      async startBare(name, environment = {}) {
        const bare = await startBare(name, environment)
        stops.push(bare.stop)
        return bare
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The machine line. Later output of the stack is read and dropped, as a log collector would do. */
async function firstLine(child: ChildProcess): Promise<string> {
  let said = ''
  const note = (chunk: Buffer) => {
    said += chunk
  }
  child.stderr!.on('data', note)
  const line = new Promise<string>((resolve) => createInterface(child.stdout!).once('line', resolve))
  const gone = new Promise<never>((_resolve, reject) =>
    child.once('exit', () => reject(new Error(`The stack did not start:\n${said}`))),
  )
  const first = await Promise.race([line, gone])
  child.stderr!.off('data', note).resume()
  return first
}

async function startBare(name: string, environment: Record<string, string>): Promise<Bare> {
  const port = await findPort()
  const child = spawn(
    findDeno(),
    [
      ...[
        'run',
        '--quiet',
        '--no-prompt',
        '--no-remote',
        '--no-lock',
        '--cached-only',
        '--node-modules-dir=manual',
      ],
      ...['--config', join(root, 'functions/deno.json'), '--allow-net', '--allow-env', '--allow-read'],
      ...['--v8-flags=--max-old-space-size=256', join(root, 'bench/bare', name)],
    ],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, ...environment, DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}` },
    },
  )
  const stop = () => end(child)
  for (let tries = 0; tries < 200 && child.exitCode === null; tries++) {
    if (await answers(port)) return { port, stop }
    await sleep(50)
  }
  await stop()
  throw new Error(`bench/bare/${name} did not start.`)
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })
}
