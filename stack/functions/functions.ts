import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { StackFailure } from '../failure.ts'
import { findDeno } from '../processes/binaries.ts'
import type { Guard } from '../processes/processes.ts'
import { databaseUrl, type StackFile } from '../secrets.ts'
import { type EdgeFunction, FunctionProcess } from './function-process.ts'

export interface Functions {
  find(name: string): EdgeFunction | undefined
  all(): EdgeFunction[]
  /** Waits until each function listens or the time is over. Returns the names of those that do not listen. */
  settled(milliseconds: number): Promise<string[]>
  stop(): Promise<void>
}

/** Starts the functions of these names, or all there are. */
export async function startFunctions(
  root: string,
  wanted: string[] | undefined,
  environment: Record<string, string>,
  dataDir: string,
  guard: Guard,
  onPid: () => void,
): Promise<Functions> {
  const deno = findDeno()
  const processes: FunctionProcess[] = []
  for (const name of chosen(functionNames(root), wanted)) {
    const each = new FunctionProcess({ deno, root, name, environment, dataDir, guard, onPid })
    processes.push(each)
    await each.launch()
  }
  return {
    find: (name) => processes.find((each) => each.name === name),
    all: () => processes,
    async settled(milliseconds) {
      const until = Date.now() + milliseconds
      let waiting: FunctionProcess[] = processes
      // One that broke is not worth waiting for; the rest of the stack works without it.
      while (waiting.some((each) => !each.isBroken) && Date.now() < until) {
        const up = await Promise.all(waiting.map((each) => each.isUp()))
        waiting = waiting.filter((_, index) => !up[index])
        if (waiting.length > 0) await sleep(25)
      }
      return waiting.map((each) => each.name)
    },
    async stop() {
      await Promise.all(processes.map((each) => each.stop()))
    },
  }
}

function chosen(there: string[], wanted = there): string[] {
  const unknown = wanted.find((name) => !there.includes(name))
  if (unknown !== undefined)
    throw new StackFailure(`--functions takes names of ${there.join(', ')}, not "${unknown}".`)
  return wanted
}

/** A folder with an index.ts is a function, named like the folder. */
function functionNames(root: string): string[] {
  const folder = join(root, 'functions')
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'index.ts')))
    .map((entry) => entry.name)
    .sort()
}

/** The variables a hosted function finds, and this project's own. */
export function functionEnvironment(file: StackFile, dbPort: number, apiUrl: string): Record<string, string> {
  return {
    SUPABASE_URL: apiUrl,
    SUPABASE_DB_URL: databaseUrl(file, 'postgres', dbPort),
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: file.publishable_key }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: file.secret_key }),
    SUPABASE_JWKS: JSON.stringify({ keys: [] }),
    TENANTRY_BASE_DOMAINS: 'localhost',
    // What a CNAME record would lead to. Nothing leads here from outside.
    TENANTRY_PAGES_HOST: 'pages.localhost',
    // Where links of mails lead, until a developer names an application.
    TENANTRY_APP_URL: apiUrl,
    TENANTRY_CONSOLE_URL: `http://console.localhost:${new URL(apiUrl).port}`,
    // The local mailbox gets everything. A real provider that a developer sets up reaches nobody without being told so.
    TENANTRY_NOTIFY_ONLY: 'loopback',
    // The gateway of this stack replaces what callers send in it.
    TENANTRY_ADDRESS_FROM: 'cf-connecting-ip',
    // A developer's receivers run on this machine. A hosted project may fetch nothing private.
    TENANTRY_ALLOW_PRIVATE_URLS: 'loopback',
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('TENANTRY_'))),
    // These come after the shell's variables, because stored data was signed and hashed with the data folder's secrets.
    TENANTRY_JWT_SECRET: file.jwt_secret,
    TENANTRY_KEY_PEPPER: file.key_pepper,
  }
}
