import { z } from 'zod'
import { askGraph, type GraphAnswer } from './graph.ts'
import type { NumberProblemCode } from './sentences.ts'

/** A number as it was entered, and what Meta is asked with. */
export interface NumberClaim {
  phone_number_id: string
  business_account_id: string
  access_token: string
  app_secret: string
  verify_token: string
  webhook_url: string
  /** It is verified for another bot. */
  is_taken: boolean
}

export interface Finding {
  problem: NumberProblemCode | null
  display_phone_number?: string
  verified_name?: string
  token_expires_at?: Date | null
}

const Token = z.object({
  data: z.object({
    app_id: z.coerce.string().optional(),
    is_valid: z.boolean(),
    scopes: z.array(z.string()).default([]),
    /** In seconds; 0: never. */
    expires_at: z.number().min(0).max(253_402_300_799).default(0),
    error: z.object({ code: z.number().optional(), subcode: z.number().optional() }).optional(),
  }),
})
const Named = z.object({ display_phone_number: z.string().optional(), verified_name: z.string().optional() })
const Numbers = z.object({ data: z.array(z.object({ id: z.coerce.string() })) })

const neededScopes = ['whatsapp_business_messaging', 'whatsapp_business_management']
const expiredSubcode = 463
const callbackFailed = 2_200

/** Thrown within a check, whose first failure ends it. */
class Failed extends Error {
  readonly problem: NumberProblemCode
  constructor(problem: NumberProblemCode) {
    super(problem)
    this.problem = problem
  }
}

/**
 * Asks Meta whether a token counts, is of the app with this secret, and opens this number of this account; then has Meta send the
 * webhooks of the account to our callback, which it asks for first. What it found goes no further than the first failure.
 */
export async function checkNumber(claim: NumberClaim): Promise<Finding> {
  const found: Finding = { problem: null }
  try {
    const { app_id, expires_at } = await checkToken(claim)
    found.token_expires_at = expires_at === 0 ? null : new Date(expires_at * 1_000)
    if (app_id !== undefined) await checkSecret(claim, app_id)
    Object.assign(found, await readNumber(claim))
    await checkAccount(claim)
    // Only now: whoever cannot prove a number does not learn whether it is connected here.
    if (claim.is_taken) throw new Failed('number_taken')
    await subscribe(claim)
  } catch (thrown) {
    if (!(thrown instanceof Failed)) throw thrown
    found.problem = thrown.problem
  }
  return found
}

async function checkToken({ access_token: token }: NumberClaim) {
  const said = good(await askGraph('debug_token', { token, query: { input_token: token } }), 'token_invalid')
  const { data } = read(Token, said)
  if (!data.is_valid)
    throw new Failed(data.error?.subcode === expiredSubcode ? 'token_expired' : 'token_invalid')
  if (!neededScopes.every((scope) => data.scopes.includes(scope))) throw new Failed('scope_missing')
  return data
}

/** An app speaks of its own tokens with its id and its secret. Any other secret opens nothing. */
async function checkSecret({ access_token, app_secret }: NumberClaim, appId: string): Promise<void> {
  const answer = await askGraph('debug_token', {
    token: `${appId}|${app_secret}`,
    query: { input_token: access_token },
  })
  if (!answer.isGood && answer.code !== null) throw new Failed('app_secret_wrong')
  good(answer, 'app_secret_wrong')
}

async function readNumber({ access_token: token, phone_number_id }: NumberClaim) {
  const query = { fields: 'display_phone_number,verified_name' }
  const { display_phone_number, verified_name } = read(
    Named,
    good(await askGraph(phone_number_id, { token, query }), 'number_not_found'),
  )
  return {
    ...(display_phone_number !== undefined && { display_phone_number: storable(display_phone_number) }),
    ...(verified_name !== undefined && { verified_name: storable(verified_name) }),
  }
}

async function checkAccount({ access_token: token, phone_number_id, business_account_id }: NumberClaim) {
  const answer = await askGraph(`${business_account_id}/phone_numbers`, {
    token,
    query: { fields: 'id', limit: '100' },
  })
  const { data } = read(Numbers, good(answer, 'account_not_found'))
  if (!data.some(({ id }) => id === phone_number_id)) throw new Failed('wrong_account')
}

async function subscribe({
  access_token: token,
  business_account_id,
  webhook_url,
  verify_token,
}: NumberClaim) {
  const path = `${business_account_id}/subscribed_apps`
  // Meta refuses a callback of its own for an app that is not subscribed yet. Subscribing twice changes nothing.
  good(await askGraph(path, { token, body: {} }), 'account_not_found')
  const answer = await askGraph(path, {
    token,
    body: { override_callback_uri: webhook_url, verify_token },
    timeoutMs: 25_000,
  })
  if (!answer.isGood && answer.code === callbackFailed) throw new Failed('callback_refused')
  good(answer, 'account_not_found')
}

/** What Meta's error means, where 100 stands for an object that there is not or that the token does not open. */
export function problemOf(
  answer: GraphAnswer & { isGood: false },
  unknownObject: NumberProblemCode,
): NumberProblemCode {
  const { code, subcode } = answer
  if (code === null) return 'unreachable'
  if (code === 190) return subcode === expiredSubcode ? 'token_expired' : 'token_invalid'
  if (code === 0) return 'token_invalid'
  if (code === 3 || code === 10 || (code >= 200 && code < 300)) return 'scope_missing'
  return code === 100 ? unknownObject : 'refused'
}

function good(answer: GraphAnswer, unknownObject: NumberProblemCode): unknown {
  if (answer.isGood) return answer.json
  throw new Failed(problemOf(answer, unknownObject))
}

/** Meta's answer in this shape. Any other says nothing of the number. */
function read<T>(shape: z.ZodType<T>, json: unknown): T {
  const found = shape.safeParse(json)
  if (!found.success) throw new Failed('unreachable')
  return found.data
}

/** One line of text, without what the database does not store. */
const storable = (text: string) => text.replace(/[\p{Cc}\p{Surrogate}]/gu, ' ').slice(0, 200)
