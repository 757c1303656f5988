import { z } from 'zod'
import { check, type FieldError, findUnstorableText, validationProblem } from '../../lib/http/index.ts'

interface Rejected {
  status: 'rejected'
  code: 'invalid_body'
  errors: FieldError[]
}

/** The items of a batch as they were sent. Each is checked by itself, so that a bad one does not fail its neighbours. */
export function readBatch(sent: unknown, maxItems: number): unknown[] {
  const envelope = check(z.strictObject({ events: z.array(z.unknown()).min(1).max(maxItems) }), sent)
  if (!envelope.ok) throw validationProblem('invalid_body', envelope.errors)
  return envelope.data.events
}

/** Like check(), and finds text that cannot be stored as well. */
export function checkItem<Schema extends z.ZodType>(schema: Schema, sent: unknown) {
  // JSON writes what cannot be stored as an escape. Looking for one in the text is twenty times as fast as looking at each part.
  const unstorable = JSON.stringify(sent).includes('\\u') ? findUnstorableText(sent) : undefined
  return unstorable ? { ok: false as const, errors: [unstorable] } : check(schema, sent)
}

/** Passes on the items that are good, and answers all of them in the order in which they were sent. */
export async function answerEach<Schema extends z.ZodType, Result>(
  schema: Schema,
  items: unknown[],
  store: (good: z.output<Schema>[]) => Promise<Result[]>,
): Promise<(Result | Rejected)[]> {
  const checks = items.map((item) => checkItem(schema, item))
  const stored = (await store(checks.flatMap((checked) => (checked.ok ? [checked.data] : [])))).values()
  return checks.map((checked) => {
    if (!checked.ok) return { status: 'rejected', code: 'invalid_body', errors: checked.errors }
    const { value } = stored.next()
    if (value === undefined) throw new Error('The database said less than it was asked.')
    return value
  })
}
