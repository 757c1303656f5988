import { readTxtAnswer, type TxtAnswer, txtQuestion } from './dns-message.ts'
import { resolvers } from './dns-resolvers.ts'

/** What was found out about a name's TXT records, or why nothing was. */
export type TxtLookup = TxtAnswer | { outcome: 'resolver_timeout' | 'resolver_failed' }
export type FindTxt = (name: string) => Promise<TxtLookup>

const timeoutMs = 3_000
/** An answer about one name is far smaller; a message of DNS could have four times as much. */
const maxAnswerBytes = 16_384
const dnsMessage = 'application/dns-message'

/**
 * Asks for a name's TXT records over HTTPS (RFC 8484). If a resolver gives no usable answer
 * or could not find out, the next one is asked. The last answer counts. Never rejects because of a resolver.
 */
export async function findTxt(name: string, urls: string[] = resolvers()): Promise<TxtLookup> {
  let lookup: TxtLookup = { outcome: 'resolver_failed' }
  for (const url of urls) {
    lookup = await ask(url, name)
    if (!isInconclusive(lookup.outcome)) break
  }
  return lookup
}

/** Whether an outcome leaves open if the record is there. */
export function isInconclusive(outcome: string): boolean {
  return outcome === 'dns_failed' || outcome === 'resolver_timeout' || outcome === 'resolver_failed'
}

async function ask(url: string, name: string): Promise<TxtLookup> {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, {
      // POST, because caches on the way keep answers to a GET.
      method: 'POST',
      headers: { 'content-type': dnsMessage, accept: dnsMessage },
      body: txtQuestion(name),
      // A resolver has no reason to redirect, and an operator chose the address.
      redirect: 'error',
      signal,
    })
    const type = response.headers.get('content-type')?.split(';', 1)[0]?.trim()
    if (response.status !== 200 || type !== dnsMessage) {
      await response.body?.cancel()
      return { outcome: 'resolver_failed' }
    }
    return readTxtAnswer(name, await readBounded(response))
  } catch {
    return { outcome: signal.aborted ? 'resolver_timeout' : 'resolver_failed' }
  }
}

async function readBounded(response: Response): Promise<Uint8Array> {
  const bytes = new Uint8Array(maxAnswerBytes)
  let length = 0
  for await (const chunk of response.body ?? []) {
    if (length + chunk.length > maxAnswerBytes) throw new Error('The answer is too long.')
    bytes.set(chunk, length)
    length += chunk.length
  }
  return bytes.subarray(0, length)
}
