import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { StackFailure } from '../failure.ts'

export type Command = 'start' | 'reset' | 'status'

export interface Options {
  command: Command
  /** The gateway's port; 0 takes any free one. */
  port: number
  dataDir: string
  json: boolean
  seed: boolean
  /** Functions reach the database through PgBouncer in transaction mode. */
  pooler: boolean
  /** The project: the folder that holds supabase/, functions/, seeds/ and web/. */
  root: string
}

export const usage = `Usage: stack/main.ts start|reset|status [--port N] [--data DIR] [--json] [--no-seed] [--pooler]
  --port N     the gateway's port (default 54321; 0 takes any free one)
  --data DIR   where data lives between runs (default .tenantry)
  --json       when ready, one line of JSON on stdout; everything else goes to stderr
  --no-seed    leave the demo tenants out
  --pooler     functions reach the database through PgBouncer in transaction mode, as on a hosted project`

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url))

export function readOptions(args: string[]): Options {
  const { values, positionals } = parse(args)
  const [command, ...rest] = positionals
  if (rest.length > 0 || (command !== 'start' && command !== 'reset' && command !== 'status')) {
    throw new StackFailure(`Say one of start, reset or status.\n${usage}`)
  }
  const port = Number(values.port ?? 54321)
  if (!Number.isInteger(port) || port < 0 || port > 65535 || values.port === '') {
    throw new StackFailure(`--port wants a number from 0 to 65535, not "${values.port}".`)
  }
  const root = resolve(values.root ?? projectRoot)
  return {
    command,
    port,
    dataDir: resolve(values.data ?? resolve(root, '.tenantry')),
    json: values.json ?? false,
    seed: !(values['no-seed'] ?? false),
    pooler: values.pooler ?? false,
    root,
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        port: { type: 'string' },
        data: { type: 'string' },
        json: { type: 'boolean' },
        'no-seed': { type: 'boolean' },
        pooler: { type: 'boolean' },
        // Not in the usage: lets a test boot another project's migrations and functions.
        root: { type: 'string' },
      },
    })
  } catch (error) {
    throw new StackFailure(`${(error as Error).message.split('\n')[0]}\n${usage}`)
  }
}
