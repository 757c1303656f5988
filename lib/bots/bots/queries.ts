import { type Db, Problem, readPage, sql } from '../../db/index.ts'
import { type Bot, type BotChange, type BotQuery, type Bots, botOrder, type NewBot } from './schema.ts'

const botColumns = sql`
  b.ref_id, b.client_name, b.client_phone, b.client_email, b.point_of_contact_name, b.point_of_contact_phone, b.business_profile,
  case when b.ai_provider is not null then jsonb_build_object('provider', b.ai_provider, 'base_url', b.ai_base_url, 'model', b.ai_model,
    'has_api_key', b.ai_api_key_secret_id is not null) end as model,
  b.is_active, b.switched_off_at is not null as is_switched_off, b.metadata, b.created_at, b.updated_at`

/** A page of a tenant's bots, the newest first. */
export async function listBots(db: Db, tenantId: string, { limit, cursor }: BotQuery): Promise<Bots> {
  const { rows, next_cursor } = await readPage<Bot>(
    db,
    botOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ${botColumns} from public.bot_tenants as b
    where b.tenant_id = ${tenantId}
      and (${cursor?.ref_id}::text is null or b.id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by b.id desc limit ${rowCount}`,
  )
  return { bots: rows, next_cursor }
}

/** One of them. 404 not_found. */
export async function readBot(db: Db, tenantId: string, ref: string): Promise<Bot> {
  const [bot] = await db.query<Bot>(sql`
    select ${botColumns} from public.bot_tenants as b where b.tenant_id = ${tenantId} and b.ref_id = ${ref}`)
  if (!bot) throw noSuchBot()
  return bot
}

/** The id of a bot that the caller may read. 404 not_found. */
export async function findBot(db: Db, tenantId: string, ref: string): Promise<string> {
  const [bot] = await db.query<{ id: string }>(sql`
    select b.id from public.bot_tenants as b where b.tenant_id = ${tenantId} and b.ref_id = ${ref}`)
  if (!bot) throw noSuchBot()
  return bot.id
}

/** 402 feature_not_in_plan, limit_reached; 422 invalid_value. */
export function createBot(db: Db, tenantId: string, given: NewBot): Promise<Bot> {
  return db.one<Bot>(sql`
    insert into public.bot_tenants as b (tenant_id, client_name, client_phone, client_email, point_of_contact_name, point_of_contact_phone,
      business_profile, is_active, metadata)
    select ${tenantId}, n.client_name, n.client_phone, n.client_email, n.point_of_contact_name, n.point_of_contact_phone,
      coalesce(n.business_profile, '{}'), coalesce(n.is_active, false), coalesce(n.metadata, '{}')
    from jsonb_populate_record(null::public.bot_tenants, ${JSON.stringify(given)}::jsonb) as n
    returning ${botColumns}`)
}

/** Changes what is named. 404 not_found; 422 invalid_value. */
export async function changeBot(db: Db, tenantId: string, ref: string, change: BotChange): Promise<Bot> {
  const [bot] = await db.query<Bot>(sql`
    update public.bot_tenants as b set
      (client_name, client_phone, client_email, point_of_contact_name, point_of_contact_phone, business_profile, is_active, metadata) = (
      select n.client_name, n.client_phone, n.client_email, n.point_of_contact_name, n.point_of_contact_phone, n.business_profile, n.is_active, n.metadata
      from jsonb_populate_record(b, ${JSON.stringify(change)}::jsonb) as n)
    where b.tenant_id = ${tenantId} and b.ref_id = ${ref} returning ${botColumns}`)
  if (!bot) throw noSuchBot()
  return bot
}

/** Deletes it with its templates, its training data and its settings. 404 not_found. */
export async function deleteBot(db: Db, tenantId: string, ref: string): Promise<void> {
  const gone = await db.query(sql`
    delete from public.bot_tenants as b where b.tenant_id = ${tenantId} and b.ref_id = ${ref} returning 1`)
  if (gone.length === 0) throw noSuchBot()
}

export const noSuchBot = () => new Problem('not_found', 'This tenant has no bot with this ref_id.')
