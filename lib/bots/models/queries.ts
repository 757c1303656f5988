import { type Asker, type Db, serviceFor, sql } from '../../db/index.ts'
import { requirePublic } from '../../usage/index.ts'
import { findBot, readBot } from '../bots/queries.ts'
import type { Bot } from '../bots/schema.ts'
import type { BotModelSettings } from './schema.ts'

/** Has a model of its own write for a bot. 404 not_found; 422 invalid_value. */
export async function setBotModel(
  db: Db,
  asker: Asker,
  tenantId: string,
  ref: string,
  { provider, base_url, model, api_key }: BotModelSettings,
): Promise<Bot> {
  requirePublic(base_url)
  const bot = await findManagedBot(db, tenantId, ref)
  await serviceFor(asker.claims, asker.headers).query(sql`
    select private.set_bot_model(${tenantId}, ${bot}, ${provider}::public.bot_ai_provider, ${base_url}, ${model}, ${api_key})`)
  return readBot(db, tenantId, ref)
}

/** Forgets the model of a bot and its key. 404 not_found. */
export async function removeBotModel(db: Db, asker: Asker, tenantId: string, ref: string): Promise<void> {
  const bot = await findManagedBot(db, tenantId, ref)
  await serviceFor(asker.claims, asker.headers).query(
    sql`select private.remove_bot_model(${tenantId}, ${bot})`,
  )
}

/** What follows is done as the service, so the caller's permission is asked here. */
async function findManagedBot(db: Db, tenantId: string, ref: string): Promise<string> {
  await db.query(sql`select private.require_permission(${tenantId}, 'manage')`)
  return findBot(db, tenantId, ref)
}
