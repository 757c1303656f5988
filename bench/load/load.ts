import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Load {
  requests: number
  perSecond: number
  /** Milliseconds. */
  p50: number
  p99: number
}

export interface LoadOptions {
  /** A number from first to last is appended to it for each request. */
  url: string
  first?: number
  last?: number
  /** Uses every number once before it repeats one (the default), picks each at random, or appends none. */
  order?: 'sequence' | 'random' | 'same'
  /** Where in the sequence to start. */
  start?: number
  seconds: number
  /** Makes exactly this many requests, which must not take longer than `seconds`. */
  amount?: number
  headers?: Record<string, string>
}

export const connections = 16
const hasWrk = spawnSync('wrk', ['-v']).error === undefined
/** wrk needs a tenth of the time that autocannon needs. It shares the processors with what is measured. */
export const generator = hasWrk ? 'wrk' : 'autocannon'

let most = 0

/** For the quick size, which only shows that the routes answer: from then on no run makes more requests than this. */
export function loadAtMost(requests: number): void {
  most = requests
}

/** Sends requests as fast as they are answered, from a process of its own. Throws if an answer is not 2xx. */
export async function load(options: LoadOptions): Promise<Load> {
  const {
    url,
    first = 1,
    last = 1,
    order = 'sequence',
    start = 0,
    seconds,
    amount = most,
    headers = {},
  } = options
  const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))
  const numbers = [first, last, start, most > 0 ? Math.min(amount, most) : amount].map(String)
  const said = await (hasWrk
    ? run('wrk', [
        '-t1',
        `-c${connections}`,
        `-d${seconds}`,
        ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
        '-s',
        file('wrk.lua'),
        url,
        '--',
        order,
        ...numbers,
      ])
    : run(process.execPath, [
        file('autocannon.mjs'),
        url,
        String(connections),
        String(seconds),
        order,
        ...numbers,
        JSON.stringify(headers),
      ]))
  const seen = JSON.parse(said.trim().split('\n').at(-1) ?? '') as Record<
    'requests' | 'seconds' | 'mean' | 'p50' | 'p99' | 'failed',
    number
  >
  if (seen.failed > 0 || seen.requests === 0)
    throw new Error(`${seen.failed} of ${seen.requests} requests to ${url} failed.`)
  // wrk runs for its whole time, even if it is done early. Each connection always waits for an answer.
  const perSecond = amount > 0 ? (connections / seen.mean) * 1000 : seen.requests / seen.seconds
  return { requests: seen.requests, perSecond, p50: seen.p50, p99: seen.p99 }
}

function run(command: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    let complaint = ''
    child.stdout.on('data', (chunk) => {
      said += chunk
    })
    child.stderr.on('data', (chunk) => {
      complaint += chunk
    })
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0 ? resolve(said) : reject(new Error(`${command} ended with ${code}: ${complaint}`)),
    )
  })
}
