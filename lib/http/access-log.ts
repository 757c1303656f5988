import { beforeEnd, log } from '../runtime/index.ts'

/** What is logged of a request. */
export interface Access {
  function: string
  method: string
  path: string
  route: string
  status: number
  ms: number
  request_id: string | undefined
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
 * route and status with their number. Errors are never left out.
 */
export function logAccess(access: Access): void {
  const { status } = access
  if (status >= 400) {
    log(status >= 500 ? 'error' : 'info', { ...access })
    return
  }
  const now = performance.now()
  if (now - secondAt >= secondMs) {
    secondAt = now
    lines = 0
  }
  if (lines++ < maxLines) log('info', { ...access })
  else count(access)
}

function count({ function: name, route, status, ms }: Access): void {
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
