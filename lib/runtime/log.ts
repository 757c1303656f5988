type Fields = Record<string, string | number | undefined>

let waiting = ''
let isScheduled = false

/** How long a line may wait for others. Writing each by itself halves what a warm lookup can serve. */
const holdMs = 10

/**
 * One JSON line. Callers pass what is safe to keep: never a token, a header, a body or a query string.
 * Lines written within a few milliseconds leave together.
 */
export function log(level: 'info' | 'warn' | 'error', fields: Fields): void {
  let line = `{"ts":"${timestamp()}","level":"${level}"`
  for (const name in fields) {
    const value = fields[name]
    if (value !== undefined) line += `,"${name}":${asJson(value)}`
  }
  waiting += `${line}}\n`
  if (isScheduled) return
  isScheduled = true
  setTimeout(flush, holdMs)
}

/** Text without quotes, backslashes, control characters and all that is not ASCII is JSON as it stands. */
const plain = /^[ !#-[\]-~]*$/

/** What JSON.stringify gives, for a third of the time: this runs for each request. */
function asJson(value: string | number): string {
  return typeof value === 'string' && plain.test(value) ? `"${value}"` : JSON.stringify(value)
}

let stampedMs = 0
let stamp = ''

function timestamp(): string {
  const ms = Date.now()
  if (ms !== stampedMs) {
    stampedMs = ms
    stamp = new Date(ms).toISOString()
  }
  return stamp
}

function flush(): void {
  const lines = waiting
  waiting = ''
  isScheduled = false
  if (lines !== '') console.log(lines.slice(0, -1))
}

// A hosted isolate is told before it goes; what waits must not go with it.
globalThis.addEventListener?.('beforeunload', flush)
globalThis.addEventListener?.('unload', flush)
