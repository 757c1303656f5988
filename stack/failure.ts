/** A problem a person can act on: its message is one sentence that says what to do. Printed without a stack. */
export class StackFailure extends Error {
  override name = 'StackFailure'
}

/** The part of any thrown value worth showing to a person. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}

export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : undefined
}
