import { z } from 'zod'
import { fetchPublic, NetFault, type PublicAnswer } from '../../net/index.ts'
import { graphUrl } from '../../notifications/index.ts'

/** What Meta said: its JSON, or the code of its error. Null for no answer, or one that says nothing. */
export type GraphAnswer =
  | { isGood: true; json: unknown }
  | { isGood: false; code: number | null; subcode: number | null }

const GraphProblem = z.object({
  error: z.object({ code: z.int(), error_subcode: z.int().optional(), message: z.string().optional() }),
})

const answerBytes = 262_144
/** Meta's numbers for what passes: an outage, and limits. */
const passingCodes = [1, 2, 4, 17, 341, 368, 613, 80_007, 80_008]

interface GraphRequest {
  token: string
  query?: Record<string, string>
  /** Sent as JSON, by POST. */
  body?: object
  /** Meta asks us something before it answers. */
  timeoutMs?: number
}

/** Asks Meta's Graph API. TENANTRY_WHATSAPP_URL names another place, for development. */
export async function askGraph(
  path: string,
  { token, query = {}, body, timeoutMs = 10_000 }: GraphRequest,
): Promise<GraphAnswer> {
  const search = new URLSearchParams(query).toString()
  try {
    const answer = await fetchPublic(`${graphUrl(path)}${search && `?${search}`}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      timeoutMs,
      maxBytes: answerBytes,
    })
    return meaningOf(answer)
  } catch (thrown) {
    if (!(thrown instanceof NetFault)) throw thrown
    return { isGood: false, code: null, subcode: null }
  }
}

function meaningOf({ status, bytes }: PublicAnswer): GraphAnswer {
  const json = parsed(new TextDecoder().decode(bytes))
  if (status === 200) return json === null ? silent : { isGood: true, json }
  const error = GraphProblem.safeParse(json).data?.error
  if (!error || passingCodes.includes(error.code)) return silent
  return { isGood: false, code: error.code, subcode: error.error_subcode ?? null }
}

const silent: GraphAnswer = { isGood: false, code: null, subcode: null }

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
