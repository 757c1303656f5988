/** A moment as a field of the type datetime-local has it: on the clock of the browser, to the minute. */
export function clockOf(at: string | null): string {
  if (at === null) return ''
  const date = new Date(at)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** And back. Null if the field is empty. */
export const momentAt = (clock: string): string | null =>
  clock === '' ? null : new Date(clock).toISOString()
