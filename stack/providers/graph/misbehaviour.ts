import { z } from 'zod'
import { isKnownCode } from './errors.ts'

const count = z.int().min(0).max(1_000_000)
const code = z.int().refine(isKnownCode, 'is no code that is known here')

/**
 * How the platform misbehaves for one number, so that whoever speaks to it can be tested. What is not named here behaves.
 * A count says for how many times from now on, and goes down.
 */
export const Misbehaviour = z.strictObject({
  /** The next sends are refused with this code, and nothing is sent. */
  refuse: z.strictObject({ code, times: count }).optional(),
  /** The next sends are accepted, and fail afterwards: the status "failed" has this code. */
  fail: z.strictObject({ code, times: count }).optional(),
  /** The next requests of any kind are answered with 500, and nothing is done. */
  server_errors: count.optional(),
  /** The next sends reach the phone, and the connection ends without an answer. */
  lost_answers: count.optional(),
  /** The next sends reach the phone, and the answer does not come for ten minutes. */
  silent_answers: count.optional(),
  /** That a message was read is noted so much later. */
  mark_delay_ms: z.int().min(0).max(600_000).optional(),
  /** Each webhook is posted this many times more. */
  duplicates: z.int().min(0).max(20).optional(),
  /** So many webhooks are held back, and then posted with the last one first. Those of a started group go after a second. */
  reorder: z.int().min(2).max(100).optional(),
  /** So many webhooks are put into one, those of a started group after a second. */
  batch: z.int().min(2).max(1000).optional(),
  /** Webhooks of messages are posted so much later, and those of statuses. */
  delay_ms: z.int().min(0).max(600_000).optional(),
  status_delay_ms: z.int().min(0).max(600_000).optional(),
  /** `reversed`: read, delivered and sent come in this order. `none`: no status comes. */
  statuses: z.enum(['reversed', 'none']).optional(),
  /** Webhooks have neither `from` nor `wa_id`, as with people who have a user name. */
  hide_numbers: z.boolean().optional(),
  /** A send into a closed window is refused at once. Otherwise it is accepted and fails, which is what Meta mostly does. */
  refuse_closed_window: z.boolean().optional(),
})
export type Misbehaviour = z.infer<typeof Misbehaviour>

/** Whether this happens now. What happens a number of times happens once less from here on. */
export function happens(
  misbehaviour: Misbehaviour,
  what: 'server_errors' | 'lost_answers' | 'silent_answers',
): boolean {
  const left = misbehaviour[what] ?? 0
  if (left > 0) misbehaviour[what] = left - 1
  return left > 0
}

/** The code with which this send is refused, or fails. */
export function nextCode(misbehaviour: Misbehaviour, what: 'refuse' | 'fail'): number | undefined {
  const wanted = misbehaviour[what]
  if (!wanted || wanted.times === 0) return undefined
  wanted.times--
  return wanted.code
}
