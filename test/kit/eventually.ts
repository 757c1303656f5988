import { vi } from 'vitest'

/**
 * Runs `check` again and again until it throws no more, and gives what it answers. A busy machine makes a thing late, not
 * wrong, so it gives up only shortly before its test would.
 */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 90_000, interval: 50 })
}
