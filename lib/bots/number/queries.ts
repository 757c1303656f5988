import { type Asker, type Db, Problem, serviceFor, sql } from '../../db/index.ts'
import { findBot } from '../bots/queries.ts'
import { checkNumber, type NumberClaim } from './check.ts'
import type { BotNumber, BotNumberSettings, ConnectedBotNumber, VerifyToken } from './schema.ts'
import { type NumberProblemCode, passingProblems, problemSentences } from './sentences.ts'

type Row = Omit<BotNumber, 'last_problem' | 'webhook_url'> & { last_problem: NumberProblemCode | null }

/** The number of a bot, without its secrets. 404 not_found. */
export async function readBotNumber(db: Db, tenantId: string, ref: string): Promise<BotNumber> {
  const bot = await findBot(db, tenantId, ref)
  const [row] = await db.query<Row>(sql`
    select n.whatsapp_phone_number_id, n.whatsapp_business_account_id, n.display_phone_number, n.verified_name, n.whatsapp_token_expires_at,
      n.is_verified, n.verified_at, n.last_checked_at, n.last_problem, n.paused_at, n.paused_reason, n.verify_token_made_at,
      case when n.previous_verify_token_expires_at > now() then n.previous_verify_token_expires_at end as previous_verify_token_expires_at,
      n.created_at, n.updated_at
    from public.bot_numbers as n where n.tenant_id = ${tenantId} and n.bot_id = ${bot}`)
  if (!row) throw noSuchNumber()
  const { last_problem: code, ...shown } = row
  return {
    ...shown,
    last_problem: code && { code, detail: problemSentences[code] },
    webhook_url: webhookUrl(ref),
  }
}

/** Sets which number a bot has. The verify token is in the answer if it was made now. 404 not_found; 422 invalid_value. */
export async function setBotNumber(
  db: Db,
  asker: Asker,
  tenantId: string,
  ref: string,
  given: BotNumberSettings,
): Promise<ConnectedBotNumber> {
  const bot = await findManagedBot(db, tenantId, ref)
  const { verify_token } = await asService(asker).one<{ verify_token: string | null }>(sql`
    select private.set_bot_number(${tenantId}, ${bot}, ${given.whatsapp_phone_number_id}, ${given.whatsapp_business_account_id},
      ${given.access_token}, ${given.app_secret}) as verify_token`)
  return { ...(await readBotNumber(db, tenantId, ref)), verify_token }
}

/** Forgets the number of a bot and its secrets. 404 not_found. */
export async function removeBotNumber(db: Db, tenantId: string, ref: string): Promise<void> {
  const bot = await findBot(db, tenantId, ref)
  const gone = await db.query(sql`
    delete from public.bot_numbers as n where n.tenant_id = ${tenantId} and n.bot_id = ${bot} returning n.bot_id`)
  if (gone.length === 0) throw noSuchNumber()
}

/**
 * Asks Meta about the number of a bot, and records what it said. If something is wrong, no Problem is thrown: last_problem says
 * what. 404 not_found; 409 conflict if the number was changed during the check; 429 too_many_number_checks.
 */
export async function verifyBotNumber(
  db: Db,
  asker: Asker,
  tenantId: string,
  ref: string,
): Promise<BotNumber> {
  const bot = await findManagedBot(db, tenantId, ref)
  const service = asService(asker)
  const claim = await service.one<Omit<NumberClaim, 'webhook_url'> & { revision: string }>(sql`
    select * from private.begin_number_check(${tenantId}, ${bot})`)
  // No transaction is open while somebody else's server is waited for.
  const found = await checkNumber({ ...claim, webhook_url: webhookUrl(ref) })
  const { problem } = found
  const outcome = problem === null ? 'good' : passingProblems.includes(problem) ? 'passing' : 'bad'
  await service.query(sql`
    select private.record_number_check(${tenantId}, ${bot}, ${claim.revision}::uuid, ${outcome}, ${problem},
      ${found.display_phone_number}, ${found.verified_name}, ${found.token_expires_at})`)
  return readBotNumber(db, tenantId, ref)
}

/** Gives the number a new verify token; the one before counts for a week. 404 not_found. */
export async function rotateVerifyToken(
  db: Db,
  asker: Asker,
  tenantId: string,
  ref: string,
): Promise<VerifyToken> {
  const bot = await findManagedBot(db, tenantId, ref)
  return shown(
    ref,
    await asService(asker).one(sql`select private.rotate_verify_token(${tenantId}, ${bot}) as verify_token`),
  )
}

/** The verify token. Reading it is recorded in the audit log. 404 not_found. */
export async function revealVerifyToken(
  db: Db,
  asker: Asker,
  tenantId: string,
  ref: string,
): Promise<VerifyToken> {
  const bot = await findManagedBot(db, tenantId, ref)
  return shown(
    ref,
    await asService(asker).one(sql`select private.reveal_verify_token(${tenantId}, ${bot}) as verify_token`),
  )
}

const shown = (ref: string, { verify_token }: { verify_token: string }): VerifyToken => ({
  webhook_url: webhookUrl(ref),
  verify_token,
})

/** Where Meta sends what happens to the number of a bot. */
const webhookUrl = (ref: string) =>
  `${(process.env.SUPABASE_URL ?? '').replace(/\/+$/, '')}/functions/v1/bots/whatsapp/${ref}`

const asService = ({ claims, headers }: Asker) => serviceFor(claims, headers)

/** What follows is done as the service, so the caller's permission is asked here. */
async function findManagedBot(db: Db, tenantId: string, ref: string): Promise<string> {
  await db.query(sql`select private.require_permission(${tenantId}, 'manage')`)
  return findBot(db, tenantId, ref)
}

const noSuchNumber = () => new Problem('not_found', 'This bot has no number.')
