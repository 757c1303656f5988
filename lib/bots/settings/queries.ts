import { type Db, sql } from '../../db/index.ts'
import { noSuchBot } from '../bots/queries.ts'
import type { BotSettings, BotSettingsChange } from './schema.ts'

const settingsColumns = sql`
  s.is_bot_enabled, s.enable_ai_responses, s.enable_training_mode, s.enable_auto_reply, s.is_typing_shown, s.log_conversations, s.enable_payment_flow, s.subscribe_words, s.max_messages_per_hour,
  s.max_messages_per_user_per_day, s.escalation_email, s.escalation_phone, s.metadata, s.updated_at`
const ofBot = (tenantId: string, ref: string) => sql`
  s.tenant_id = ${tenantId} and s.bot_id = private.ulid_to_uuid(${ref})`

/** 404 not_found. */
export async function readBotSettings(db: Db, tenantId: string, ref: string): Promise<BotSettings> {
  const [settings] = await db.query<BotSettings>(sql`
    select ${settingsColumns} from public.bot_control_settings as s where ${ofBot(tenantId, ref)}`)
  if (!settings) throw noSuchBot()
  return settings
}

/** Changes what is named. 404 not_found; 422 invalid_value. */
export async function changeBotSettings(
  db: Db,
  tenantId: string,
  ref: string,
  change: BotSettingsChange,
): Promise<BotSettings> {
  const [settings] = await db.query<BotSettings>(sql`
    update public.bot_control_settings as s set (is_bot_enabled, enable_ai_responses, enable_training_mode, enable_auto_reply, is_typing_shown, log_conversations, enable_payment_flow, subscribe_words, max_messages_per_hour,
      max_messages_per_user_per_day, escalation_email, escalation_phone, metadata) = (
      select n.is_bot_enabled, n.enable_ai_responses, n.enable_training_mode, n.enable_auto_reply, n.is_typing_shown, n.log_conversations, n.enable_payment_flow, n.subscribe_words, n.max_messages_per_hour,
        n.max_messages_per_user_per_day, n.escalation_email, n.escalation_phone, n.metadata
      from jsonb_populate_record(s, ${JSON.stringify(change)}::jsonb) as n)
    where ${ofBot(tenantId, ref)} returning ${settingsColumns}`)
  if (!settings) throw noSuchBot()
  return settings
}
