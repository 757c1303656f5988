import { type Asker, type Db, Problem, serviceFor, sql } from '../../db/index.ts'
import { requirePublic } from '../../usage/index.ts'
import { findBot } from '../bots/queries.ts'
import type { MpesaAccount, MpesaSettings } from './schema.ts'

/** The M-Pesa account of a bot, without its secrets. 404 not_found. */
export async function readMpesaAccount(db: Db, tenantId: string, ref: string): Promise<MpesaAccount> {
  const bot = await findBot(db, tenantId, ref)
  const [account] = await db.query<MpesaAccount>(sql`
    select a.shortcode, a.till_number, a.base_url, a.last_problem, a.last_problem_at, a.created_at, a.updated_at
    from public.bot_mpesa_accounts as a where a.tenant_id = ${tenantId} and a.bot_id = ${bot}`)
  if (!account) throw noAccount()
  return account
}

/** Sets where the contacts of a bot pay to. 404 not_found; 422 invalid_value. */
export async function setMpesaAccount(
  db: Db,
  { claims, headers }: Asker,
  tenantId: string,
  ref: string,
  { shortcode, till_number, base_url, consumer_key, consumer_secret, passkey }: MpesaSettings,
): Promise<MpesaAccount> {
  requirePublic(base_url)
  // What follows is done as the service, so the caller's permission is asked here.
  await db.query(sql`select private.require_permission(${tenantId}, 'manage')`)
  const bot = await findBot(db, tenantId, ref)
  await serviceFor(claims, headers).query(sql`
    select private.set_bot_mpesa(${tenantId}, ${bot}, ${shortcode}, ${till_number}, ${base_url}, ${consumer_key}, ${consumer_secret}, ${passkey})`)
  return readMpesaAccount(db, tenantId, ref)
}

/** Forgets the M-Pesa account of a bot and its secrets. 404 not_found. */
export async function removeMpesaAccount(db: Db, tenantId: string, ref: string): Promise<void> {
  const bot = await findBot(db, tenantId, ref)
  const gone = await db.query(sql`
    delete from public.bot_mpesa_accounts as a where a.tenant_id = ${tenantId} and a.bot_id = ${bot} returning a.bot_id`)
  if (gone.length === 0) throw noAccount()
}

const noAccount = () => new Problem('not_found', 'This bot has no M-Pesa account.')
