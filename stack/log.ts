const startedAt = Date.now()

/** One line for people. Always stderr: with --json, stdout carries the machine line and nothing else. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Runs one step of the start, and tells how long it took and, while it is slow, that it still runs. */
export async function step<T>(what: string, run: () => Promise<T>): Promise<T> {
  const begun = Date.now()
  const slow = setTimeout(() => say(`        ... ${what}`), 2000)
  try {
    const result = await run()
    say(`${String(Date.now() - startedAt).padStart(6)} ms  ${what} (${Date.now() - begun} ms)`)
    return result
  } finally {
    clearTimeout(slow)
  }
}
