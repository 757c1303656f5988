/** One line of the table. */
export interface Figure {
  what: string
  unit: string
  value: number
  baseline?: number
  /** How value and baseline compare; 1 is equal. */
  ratio?: number
  /** What the ratio must be. Without a ratio, what the value must be. */
  goal?: { atLeast: number } | { atMost: number }
  note?: string
}

export function isMet({ goal, ratio, value }: Figure): boolean | undefined {
  if (!goal) return undefined
  const judged = ratio ?? value
  return 'atLeast' in goal ? judged >= goal.atLeast : judged <= goal.atMost
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/**
 * Runs each in turn for a number of rounds: A B A B and not A A B B, because the speed of a machine drifts. One
 * more round comes first, to warm up. Its results are dropped. A single round, as in the quick size, is not warmed up,
 * because its figures say nothing.
 */
export async function interleave<Result>(
  rounds: number,
  runs: (() => Promise<Result>)[],
): Promise<Result[][]> {
  const results: Result[][] = runs.map(() => [])
  for (let round = rounds === 1 ? 1 : 0; round <= rounds; round++) {
    for (const [index, run] of runs.entries()) {
      const result = await run()
      if (round > 0) results[index]!.push(result)
    }
  }
  return results
}

/** How long it took, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

const startedAt = Date.now()

/** Progress, on stderr. */
export function say(line: string): void {
  process.stderr.write(`${((Date.now() - startedAt) / 1000).toFixed(0).padStart(5)} s  ${line}\n`)
}
