import { z } from 'zod'
import { type CallbackEvent, type CallbackRequest, numberOf, parseJson } from './event.ts'
import { isHmac } from './signatures.ts'

/**
 * Whether a callback of MSG91 carries the secret of these settings. MSG91 signs nothing: the secret is a header
 * (authorization: Bearer …) of its new webhooks, and part of the URL (?token=…) of its older ones, which have no headers.
 */
export async function verifyMsg91({ url, headers }: CallbackRequest, secret: string): Promise<boolean> {
  const token =
    headers.get('authorization')?.replace(/^Bearer /, '') ?? new URL(url).searchParams.get('token')
  if (!token) return false
  // Compared as HMACs under a key of this moment, because strings are not compared in constant time.
  const key = crypto.randomUUID()
  const bytes = new TextEncoder().encode(key)
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await crypto.subtle.importKey('raw', bytes, hmac, false, ['sign'])
  const mine = await crypto.subtle.sign('HMAC', imported, new TextEncoder().encode(secret))
  return isHmac('SHA-256', key, new TextEncoder().encode(token), new Uint8Array(mine))
}

const Report = z.object({
  number: z.string().optional(),
  telNum: z.string().optional(),
  status: z.coerce.string(),
  desc: z.string().optional(),
  failedReason: z.string().optional(),
  failureReason: z.string().optional(),
})
const Request = z.object({ requestId: z.string().min(1).max(100) })
const Batch = Request.extend({ report: z.array(z.unknown()) })

/** MSG91's numbers and words. 9 is a number that wants no advertising. */
const statuses: Record<string, Pick<CallbackEvent, 'status' | 'feedback'>> = {
  1: { status: 'delivered', feedback: null },
  2: { status: 'failed', feedback: 'soft' },
  9: { status: 'failed', feedback: 'unsubscribed' },
  16: { status: 'failed', feedback: null },
  17: { status: 'failed', feedback: 'hard' },
  25: { status: 'failed', feedback: null },
  delivered: { status: 'delivered', feedback: null },
  failed: { status: 'failed', feedback: 'soft' },
  rejected: { status: 'failed', feedback: null },
}

/** The reports of a callback of MSG91: a form with JSON in its field "data" (version 2), or one report as JSON. */
export function readMsg91({ headers, body }: CallbackRequest): CallbackEvent[] | undefined {
  const isForm = headers.get('content-type')?.startsWith('application/x-www-form-urlencoded')
  const sent = isForm
    ? parseJson(new URLSearchParams(new TextDecoder().decode(body)).get('data') ?? '')
    : parseJson(body)
  if (typeof sent !== 'object' || sent === null) return undefined
  const requests = Array.isArray(sent) ? sent : [sent]
  return requests.flatMap((each) => {
    const batch = Batch.safeParse(each).data
    if (batch) return batch.report.flatMap((report) => eventOf(batch.requestId, report))
    const single = Request.safeParse(each).data
    return single ? eventOf(single.requestId, each) : []
  })
}

function eventOf(request: string, sent: unknown): CallbackEvent[] {
  const report = Report.safeParse(sent).data
  const meaning = report && statuses[report.status.toLowerCase()]
  if (!report || !meaning) return []
  const address = numberOf(report.number ?? report.telNum)
  return [
    {
      event_id: `${request} ${address} ${report.status}`.slice(0, 300),
      job_tenant: null,
      job_id: null,
      message_id: request,
      ...meaning,
      address,
      detail: report.failedReason || report.failureReason || report.desc || report.status,
    },
  ]
}
