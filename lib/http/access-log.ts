import { beforeEnd, log } from '../runtime/index.ts'

/** What is counted of a request. */
interface Answered {
  function: string
  route: string
  status: number
  ms: number
  /** When it was answered, by performance.now(). */
  at: number
}

/** What else the line of a request says. */
interface Asked {
  method: string
  path: string
  request_id: string
  caller: string
  tenant: string | undefined
  code: string | undefined
}

interface Counted {
  function: string
  route: string
  status: number
  requests: number
  ms_max: number
}

/** An isolate writes this many lines a second of requests that went well. Writing one is a fifth of a warm lookup. */
const maxLines = 50
const secondMs = 1_000

let secondAt = Number.NEGATIVE_INFINITY
let lines = 0
const counted = new Map<string, Counted>()

/**
 * One line for each request. Above 50 a second, answers below 400 are counted, and each second has one line for each
 * route and status with their number. Errors are never left out. `ask` is called only for a line.
 */
export function logAccess(answered: Answered, ask: () => Asked): void {
  const { status, at } = answered
  if (status >= 400) {
    log(status >= 500 ? 'error' : 'info', lineOf(answered, ask()))
    return
  }
  if (at - secondAt >= secondMs) {
    secondAt = at
    lines = 0
  }
  if (lines++ < maxLines) log('info', lineOf(answered, ask()))
  else count(answered)
}

function lineOf({ function: name, route, status, ms }: Answered, asked: Asked) {
  const { method, path, request_id, caller, tenant, code } = asked
  return { function: name, method, path, route, status, ms, request_id, caller, tenant, code }
}

function count({ function: name, route, status, ms }: Answered): void {
  const key = `${route} ${status}`
  const known = counted.get(key)
  if (known) {
    known.requests++
    known.ms_max = Math.max(known.ms_max, ms)
    return
  }
  if (counted.size === 0) setTimeout(writeCounts, secondMs)
  counted.set(key, { function: name, route, status, requests: 1, ms_max: ms })
}

function writeCounts(): void {
  for (const each of counted.values()) log('info', { event: 'requests_counted', ...each })
  counted.clear()
}

beforeEnd(writeCounts)
