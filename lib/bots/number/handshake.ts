import { Buffer } from 'node:buffer'
import { createHash, timingSafeEqual } from 'node:crypto'
import { admin, Problem, sql } from '../../db/index.ts'

/**
 * What Meta wants to be answered when it asks for a callback: the challenge, if it names the verify token of the bot, or the one
 * before within the overlap. Nothing is stored. 403 handshake_refused, whether there is such a bot or not.
 *
 * Source: developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests.
 */
export async function answerHandshake(ref: string, query: URLSearchParams): Promise<string> {
  const challenge = query.get('hub.challenge') ?? ''
  const token = query.get('hub.verify_token') ?? ''
  const isMeant =
    query.get('hub.mode') === 'subscribe' && /^[\w-]{1,200}$/.test(challenge) && /^[!-~]{1,200}$/.test(token)
  if (!isMeant || !(await isVerifyToken(ref, token)))
    throw new Problem(
      'handshake_refused',
      'This is not the verify token of this bot, or not a handshake of Meta.',
    )
  return challenge
}

async function isVerifyToken(ref: string, token: string): Promise<boolean> {
  const [bot] = await admin.query<{
    verify_token_hash: string
    previous_verify_token_hash: string | null
  }>(sql`select verify_token_hash, previous_verify_token_hash from private.read_verify_hashes(${ref})`)
  if (!bot) return false
  const given = createHash('sha256').update(token).digest()
  const hashes = [bot.verify_token_hash, bot.previous_verify_token_hash]
  return hashes.some((hash) => hash !== null && timingSafeEqual(given, Buffer.from(hash, 'hex')))
}
