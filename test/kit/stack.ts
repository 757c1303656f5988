import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fillDataDir } from './made-data.ts'

const main = fileURLToPath(new URL('../../stack/main.ts', import.meta.url))

/** The machine line of `stack/main.ts start --json`, and what only the data folder's owner may read. */
export interface StackAccess {
  api_url: string
  db_url: string
  publishable_key: string
  secret_key: string
  mail_url: string
  smtp_port: number
  llm_url: string
  whatsapp_url: string
  phone_url: string
  mpesa_url: string
  data_dir: string
  coaches: { tenant_slug: string; email: string; password: string }[]
  admin_db_url: string
  jwt_secret: string
}

export interface StackFile {
  admin_db_url: string
  jwt_secret: string
  runtime: {
    pid: number
    postgres_pid: number
    api_port: number
    db_port: number
    functions: Record<string, { pid: number; port: number }>
  }
}

export interface BootOptions {
  /** Kept afterwards when given; otherwise a temporary folder that stop() removes. */
  dataDir?: string
  port?: number
  /** On top of this process' own environment. */
  env?: Record<string, string>
  /** Another project folder than this one. */
  root?: string
  /** The main file of another copy of the stack. */
  main?: string
  args?: string[]
}

export interface BootedStack {
  access: StackAccess
  dataDir: string
  /** Everything it wrote to stdout and stderr so far. */
  stdout(): string
  stderr(): string
  /** The gateway's own process. */
  process: ChildProcess
  stackFile(): Promise<StackFile>
  /** Asks it to stop as Ctrl-C does, and waits; gives the exit code. */
  stop(): Promise<number | null>
}

/** A folder for data that the user postgres can reach when the tests run as root. */
export async function makeTempDir(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-'))
  await chmod(folder, 0o755)
  return folder
}

/** Runs a command of the stack to its end; of another copy of the stack when its main file is given. */
export async function runStack(
  args: string[],
  script = main,
  env: Record<string, string> = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const run = launch(args, script, env)
  const code = await run.ended
  return { code, stdout: run.stdout(), stderr: run.stderr() }
}

/**
 * Starts a stack and waits until it is ready. One of this project that is given no folder begins with the data that a first
 * start has made.
 */
export async function bootStack(options: BootOptions = {}): Promise<BootedStack> {
  const dataDir = options.dataDir ?? (await makeTempDir())
  if (!options.dataDir && !options.root && !options.main) await fillDataDir(dataDir, startFirst)
  const args = [
    ...['start', '--json', '--port', String(options.port ?? 0), '--data', dataDir],
    ...(options.root ? ['--root', options.root] : []),
    ...(options.args ?? []),
  ]
  const run = launch(args, options.main ?? main, options.env)
  const line = await Promise.race([run.firstLine, run.ended.then(() => null)])
  if (line === null) throw new Error(`The stack did not start:\n${run.stderr()}`)
  const stackFile = async (): Promise<StackFile> =>
    JSON.parse(await readFile(join(dataDir, 'stack.json'), 'utf8'))
  const { admin_db_url, jwt_secret } = await stackFile()
  return {
    access: { ...JSON.parse(line), admin_db_url, jwt_secret },
    dataDir,
    stdout: run.stdout,
    stderr: run.stderr,
    process: run.child,
    stackFile,
    async stop() {
      run.child.kill('SIGTERM')
      const code = await run.ended
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true, maxRetries: 5 })
      return code
    },
  }
}

async function startFirst(): Promise<string> {
  const dataDir = await makeTempDir()
  await (await bootStack({ dataDir, args: ['--no-seed', '--functions', ''] })).stop()
  return dataDir
}

function launch(args: string[], script = main, env: Record<string, string> = {}) {
  // Of the same copy of the stack.
  const runner = `${script.slice(0, script.lastIndexOf('/stack/'))}/stack/run.js`
  const child = spawn(process.execPath, [runner, script, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  const firstLine = new Promise<string>((resolve) => {
    child.stdout.on('data', (chunk) => {
      stdout += chunk
      const end = stdout.indexOf('\n')
      if (end >= 0) resolve(stdout.slice(0, end))
    })
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, firstLine, ended, stdout: () => stdout, stderr: () => stderr }
}
