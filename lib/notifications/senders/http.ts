import { fetchPublic, NetFault, type PublicAnswer } from '../../net/index.ts'
import { type Verdict, verdict } from './message.ts'

const timeoutMs = 20_000
/** Longer answers are cut: what is read of them stands at their beginning. */
const answerBytes = 16_384

export interface ProviderRequest {
  url: string
  headers: Record<string, string>
  body: string
}

/** What an answer means beyond its status: some providers say no with 200. */
export type Reading = (answer: {
  status: number
  json: unknown
  headers: PublicAnswer['headers']
}) => Partial<Verdict>

/** One request to a provider's API, and what its answer means. */
export async function postToProvider(
  { url, headers, body }: ProviderRequest,
  read: Reading,
): Promise<Verdict> {
  try {
    const answer = await fetchPublic(url, {
      method: 'POST',
      headers,
      body,
      timeoutMs,
      maxBytes: answerBytes,
      whenLonger: 'cut',
    })
    const text = new TextDecoder().decode(answer.bytes)
    const { status } = answer
    const meant = read({ status, json: parsed(text), headers: answer.headers })
    return verdict(meant.outcome ?? outcomeOf(status), meant.detail ?? `${status} ${text}`, {
      retry_after_seconds: retryAfter(answer),
      is_down: status >= 500,
      ...meant,
    })
  } catch (thrown) {
    if (!(thrown instanceof NetFault)) throw thrown
    const outcome = thrown.isPassing ? 'retry' : 'failed'
    return verdict(thrown.isUnsent ? outcome : 'ambiguous', thrown.message, { is_down: true })
  }
}

function outcomeOf(status: number): Verdict['outcome'] {
  if (status >= 200 && status < 300) return 'sent'
  if (status === 401 || status === 403) return 'credentials'
  // 408 and 425: the provider did not read it to its end.
  return status === 429 || status === 408 || status === 425 || status >= 500 ? 'retry' : 'failed'
}

/** Retry-After in seconds; a day at most, and never as a date, which none of the providers sends. */
function retryAfter({ headers }: PublicAnswer): number | null {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(Math.ceil(seconds), 86_400) : null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
