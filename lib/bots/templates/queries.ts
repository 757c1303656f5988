import { type Db, Problem, readPage, sql, versionMismatch } from '../../db/index.ts'
import { findBot } from '../bots/queries.ts'
import { requirePrompt } from './prompt.ts'
import {
  type BotTemplate,
  type BotTemplateChange,
  type BotTemplateQuery,
  type BotTemplates,
  botTemplateOrder,
  type NewBotTemplate,
} from './schema.ts'

const templateColumns = sql`
  t.ref_id, t.template_name, t.description, t.system_prompt, t.conversation_context, t.tone, t.max_response_length, t.is_active, t.is_default,
  t.min_level, t.metadata, t.version, t.created_at, t.updated_at`

export interface TemplatePath {
  bot: string
  template: string
}

/** A page of a bot's templates, the newest first. 404 not_found. */
export async function listBotTemplates(
  db: Db,
  tenantId: string,
  ref: string,
  { limit, cursor }: BotTemplateQuery,
): Promise<BotTemplates> {
  const bot = await findBot(db, tenantId, ref)
  const { rows, next_cursor } = await readPage<BotTemplate>(
    db,
    botTemplateOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ${templateColumns} from public.bot_templates as t
    where t.tenant_id = ${tenantId} and t.bot_id = ${bot}
      and (${cursor?.ref_id}::text is null or t.id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by t.id desc limit ${rowCount}`,
  )
  return { templates: rows, next_cursor }
}

/** 404 not_found. */
export async function readBotTemplate(db: Db, tenantId: string, path: TemplatePath): Promise<BotTemplate> {
  const [template] = await db.query<BotTemplate>(sql`
    select ${templateColumns} from public.bot_templates as t where ${isNamed(tenantId, path)}`)
  if (!template) throw noSuchTemplate()
  return template
}

/** 402 limit_reached; 404 not_found; 422 invalid_value. */
export function createBotTemplate(
  db: Db,
  tenantId: string,
  ref: string,
  given: NewBotTemplate,
): Promise<BotTemplate> {
  requirePrompt(given.system_prompt)
  return db.transaction(async (tx) => {
    const bot = await findBot(tx, tenantId, ref)
    return tx.one<BotTemplate>(sql`
      insert into public.bot_templates as t (tenant_id, bot_id, template_name, description, system_prompt, conversation_context, tone,
        max_response_length, is_active, is_default, metadata, min_level)
      select ${tenantId}, ${bot}, n.template_name, coalesce(n.description, ''), n.system_prompt, coalesce(n.conversation_context, '{}'),
        coalesce(n.tone, 'friendly'), coalesce(n.max_response_length, 1000), coalesce(n.is_active, true),
        coalesce(n.is_default, coalesce(n.is_active, true) and coalesce(n.min_level, 0) = 0
          and not exists (select from public.bot_templates as o where o.tenant_id = ${tenantId} and o.bot_id = ${bot} and o.is_default)),
        coalesce(n.metadata, '{}'), coalesce(n.min_level, 0)
      from jsonb_populate_record(null::public.bot_templates, ${JSON.stringify(given)}::jsonb) as n
      returning ${templateColumns}`)
  })
}

/** Changes what is named, in the version that the caller has read. 404 not_found; 412 version_mismatch; 422 invalid_value. */
export function changeBotTemplate(
  db: Db,
  tenantId: string,
  path: TemplatePath,
  version: number,
  change: BotTemplateChange,
): Promise<BotTemplate> {
  if (change.system_prompt !== undefined) requirePrompt(change.system_prompt)
  return db.transaction(async (tx) => {
    const [changed] = await tx.query<BotTemplate>(sql`
      update public.bot_templates as t set (template_name, description, system_prompt, conversation_context, tone, max_response_length,
        is_active, is_default, metadata, min_level) = (
        select n.template_name, n.description, n.system_prompt, n.conversation_context, n.tone, n.max_response_length, n.is_active, n.is_default,
          n.metadata, n.min_level
        from jsonb_populate_record(t, ${JSON.stringify(change)}::jsonb) as n)
      where ${isNamed(tenantId, path)} and t.version = ${version} returning ${templateColumns}`)
    if (changed) return changed
    throw versionMismatch((await readBotTemplate(tx, tenantId, path)).version)
  })
}

/** 404 not_found. */
export async function deleteBotTemplate(db: Db, tenantId: string, path: TemplatePath): Promise<void> {
  const gone = await db.query(sql`
    delete from public.bot_templates as t where ${isNamed(tenantId, path)} returning 1`)
  if (gone.length === 0) throw noSuchTemplate()
}

const isNamed = (tenantId: string, { bot, template }: TemplatePath) => sql`
  t.tenant_id = ${tenantId} and t.bot_id = private.ulid_to_uuid(${bot}) and t.ref_id = ${template}`

const noSuchTemplate = () => new Problem('not_found', 'This bot has no template with this ref_id.')
