import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { StackFailure } from '../failure.ts'

const commands = ['start', 'stop', 'status', 'reset'] as const
export type Command = (typeof commands)[number]

export interface Options {
  command: Command
  /** The gateway's port; 0 takes any free one. */
  port: number
  dataDir: string
  json: boolean
  seed: boolean
  /** Functions reach the database through PgBouncer in transaction mode. */
  pooler: boolean
  /** Functions read what may be read there at a streaming standby. */
  replica: boolean
  /** The functions to start. All without it. */
  functions?: string[]
  /** The stack goes on when whoever started it is gone. */
  stay: boolean
  /** The project: the folder that holds supabase/, functions/, seeds/ and web/. */
  root: string
}

export const usage = `Usage: stack/main.ts start|stop|status|reset [--port N] [--data DIR] [--json] [--no-seed] [--pooler] [--replica] [--functions A,B] [--stay]
  --port N     the gateway's port (default 54321; 0 takes any free one)
  --data DIR   where data lives between runs (default .tenantry)
  --json       when ready, one line of JSON on stdout; everything else goes to stderr
  --no-seed    leave the demo tenants out
  --pooler     functions reach the database through PgBouncer in transaction mode, as on a hosted project
  --replica    functions read public pages and reports at a streaming standby (docs/scaling.md)
  --functions A,B  start only these edge functions, or none of them for ""
  --stay       run on when whoever started it is gone, until "npm run stop"`

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url))

export function readOptions(args: string[]): Options {
  const { values, positionals } = parse(args)
  const [word, ...rest] = positionals
  const command = commands.find((each) => each === word)
  if (rest.length > 0 || !command) {
    throw new StackFailure(`Say one of start, stop, status or reset.\n${usage}`)
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
    replica: values.replica ?? false,
    ...(values.functions !== undefined && { functions: values.functions.split(',').filter(Boolean) }),
    stay: values.stay ?? false,
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
        replica: { type: 'boolean' },
        functions: { type: 'string' },
        stay: { type: 'boolean' },
        // Not in the usage: lets a test boot another project's migrations and functions.
        root: { type: 'string' },
      },
    })
  } catch (error) {
    throw new StackFailure(`${(error as Error).message.split('\n')[0]}\n${usage}`)
  }
}
