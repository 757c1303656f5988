import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { messageOf } from '../failure.ts'
import { say } from '../log.ts'
import { answers, findPort } from '../processes/ports.ts'
import type { Guard } from '../processes/processes.ts'
import { dataDirArgument } from '../processes/strays.ts'

const minPauseMs = 250
const maxPauseMs = 30_000
const listening = /^Listening on http/
const watcherNoise = /^Watcher Process (started|finished)/

/** One edge function: a Deno process of its own, as hosted isolates are. */
export interface EdgeFunction {
  readonly name: string
  readonly port: number
  pid: number | undefined
  /** It ended by itself, and waits for an edit or for its next start. */
  readonly isBroken: boolean
  /** False while it starts, reloads or is broken. */
  isUp(): Promise<boolean>
}

export interface FunctionOptions {
  deno: string
  root: string
  name: string
  environment: Record<string, string>
  dataDir: string
  guard: Guard
  onPid: () => void
}

export class FunctionProcess implements EdgeFunction {
  readonly name: string
  port = 0
  isBroken = false
  private readonly options: FunctionOptions
  private child: ChildProcess | null = null
  /** It said so. Whoever answers on its port may be somebody else who was quicker to take it. */
  private isListening = false
  private stopping = false
  private pauseMs = minPauseMs
  private launchedAt = 0

  constructor(options: FunctionOptions) {
    this.options = options
    this.name = options.name
  }

  get pid(): number | undefined {
    return this.child?.pid
  }

  async launch(): Promise<void> {
    // Somebody may have taken its port while it was away.
    const port = await findPort(this.port)
    if (this.stopping) return
    this.port = port
    const { deno, root, name, environment, dataDir, guard, onPid } = this.options
    const folder = join(root, 'functions')
    const reads = [folder, join(root, 'lib'), join(root, 'node_modules')].join(',')
    const config = join(folder, 'deno.json')
    this.launchedAt = Date.now()
    this.isBroken = false
    this.isListening = false
    const child = spawn(
      deno,
      [
        ...[
          'run',
          '--watch',
          '--no-clear-screen',
          '--no-prompt',
          '--no-remote',
          '--no-lock',
          '--cached-only',
        ],
        ...(existsSync(config) ? ['--config', config] : ['--no-config']),
        '--node-modules-dir=manual',
        ...['--allow-net', '--allow-env', `--allow-read=${reads}`],
        // What a hosted isolate may use.
        '--v8-flags=--max-old-space-size=256',
        ...[join(folder, name, 'index.ts'), dataDirArgument(dataDir)],
      ],
      {
        cwd: root,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...environment,
          DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
          ...denoOwn(),
        },
      },
    )
    this.child = child
    guard.watch(child, 'KILL')
    onPid()
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.log(line))
    }
    child.once('error', (error) => say(`[${name}] ${error.message}`))
    child.once('exit', () => {
      this.child = null
      this.later(this.nextPause(), () => this.launch())
    })
  }

  private log(line: string): void {
    if (listening.test(line)) {
      this.isListening = true
      return
    }
    if (/^Watcher Process (failed|finished)/.test(line)) this.revive()
    // An edit is a new program, with no failures yet.
    else if (/^Watcher Restarting/.test(line)) {
      this.isBroken = false
      this.isListening = false
      this.pauseMs = minPauseMs
    }
    if (!watcherNoise.test(line)) say(`[${this.name}] ${line}`)
  }

  /** The watcher stays when its program has ended, and would wait for an edit for ever. */
  private revive(): void {
    const idle = this.child
    this.isBroken = true
    this.isListening = false
    this.later(this.nextPause(), async () => {
      if (this.child !== idle || (await this.isUp())) return
      this.pauseMs /= 2
      idle?.kill('SIGKILL')
    })
  }

  private later(milliseconds: number, run: () => Promise<void>): void {
    setTimeout(() => {
      if (!this.stopping) run().catch((error) => say(`[${this.name}] ${messageOf(error)}`))
    }, milliseconds).unref()
  }

  /** The pause grows after each failure, and is short again once the program has run for a while. */
  private nextPause(): number {
    if (Date.now() - this.launchedAt > maxPauseMs) this.pauseMs = minPauseMs
    const pause = this.pauseMs
    this.pauseMs = Math.min(pause * 2, maxPauseMs)
    return pause
  }

  async isUp(): Promise<boolean> {
    return this.isListening && answers(this.port)
  }

  async stop(): Promise<void> {
    this.stopping = true
    const child = this.child
    if (!child) return
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGTERM')
    const impatience = setTimeout(() => child.kill('SIGKILL'), 1000)
    await ended
    clearTimeout(impatience)
  }
}

/** What Deno itself needs from this process' environment; functions see nothing else of it. */
function denoOwn(): Record<string, string> {
  const own: Record<string, string> = { NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1', DENO_NO_PROMPT: '1' }
  for (const name of ['PATH', 'HOME', 'TMPDIR', 'DENO_DIR']) {
    const value = process.env[name]
    if (value) own[name] = value
  }
  return own
}
