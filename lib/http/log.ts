type Fields = Record<string, string | number | undefined>

let waiting: string[] = []
let isScheduled = false

/** How long a line may wait for others. Writing each by itself halves what a warm lookup can serve. */
const holdMs = 10

/**
 * One JSON line. Callers pass what is safe to keep: never a token, a header, a body or a query string.
 * Lines written within a few milliseconds leave together.
 */
export function log(level: 'info' | 'warn' | 'error', fields: Fields): void {
  waiting.push(JSON.stringify({ ts: new Date().toISOString(), level, ...fields }))
  if (isScheduled) return
  isScheduled = true
  setTimeout(flush, holdMs)
}

function flush(): void {
  const lines = waiting
  waiting = []
  isScheduled = false
  if (lines.length > 0) console.log(lines.join('\n'))
}

// A hosted isolate is told before it goes; what waits must not go with it.
globalThis.addEventListener?.('beforeunload', flush)
globalThis.addEventListener?.('unload', flush)
