import process from 'node:process'
import { fetchPublic, NetFault } from '../../lib/net/index.ts'

/** One request, as text that also a Deno process can be handed. */
export interface Step {
  url: string
  keepAlive?: boolean
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string
  ca?: string
  /** What the resolver answers, and answers when it is asked again. The last answer is repeated. */
  addresses?: string[][]
  allowLoopback?: boolean
  timeoutMs?: number
  maxBytes?: number
  whenLonger?: 'refuse' | 'cut'
}

export interface Outcome {
  /** A status and the text, or the code of a fault. */
  end: string
  /** The sentence of a fault. */
  message?: string
  location?: string
  isCut?: boolean
  /** How often the resolver was asked. */
  asked: number
}

/**
 * Steps in a row are taken one after the other; those in a list of their own, all at once. With `blocked` as
 * TENANTRY_BLOCKED_NETWORKS.
 */
export async function runSteps(steps: (Step | Step[])[], blocked = ''): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  process.env.TENANTRY_BLOCKED_NETWORKS = blocked
  for (const step of steps) outcomes.push(...(await Promise.all([step].flat().map(take))))
  return outcomes
}

async function take({
  addresses = [['127.0.0.1']],
  url,
  allowLoopback = true,
  ...step
}: Step): Promise<Outcome> {
  let asked = 0
  const resolve = async () => addresses[asked++] ?? addresses.at(-1) ?? []
  try {
    const answer = await fetchPublic(url, {
      timeoutMs: 5_000,
      maxBytes: 1_000,
      ...step,
      policy: { allowLoopback },
      resolve,
    })
    const location = answer.headers.get('location')
    const text = new TextDecoder().decode(answer.bytes)
    return {
      end: `${answer.status} ${text}`,
      isCut: answer.isCut,
      asked,
      ...(location !== null && { location }),
    }
  } catch (thrown) {
    if (thrown instanceof NetFault) return { end: thrown.code, message: thrown.message, asked }
    return { end: `not a NetFault: ${thrown}`, asked }
  }
}
