import { type Db, Problem, readPage, sql } from '../../db/index.ts'
import { findBot } from '../bots/queries.ts'
import {
  type Conversation,
  type ConversationPath,
  type ConversationQuery,
  type Conversations,
  conversationOrder,
  type Message,
  type MessageQuery,
  type Messages,
  messageOrder,
} from './schema.ts'

const conversationColumns = sql`
  c.ref_id as contact, c.full_name, c.wa_id, c.opted_out_at is not null as is_opted_out, s.taken_over_at, s.taken_over_by, s.escalated_at,
  s.escalation_reason, s.last_received_at + interval '24 hours' as window_ends_at, s.last_message_at, (
    select left(m.message_text, 200) from public.bot_messages as m
    where m.tenant_id = s.tenant_id and m.bot_id = s.bot_id and m.contact_id = s.contact_id order by m.id desc limit 1) as last_text`
const conversations = sql`
  public.conversation_states as s join public.contacts as c on c.tenant_id = s.tenant_id and c.id = s.contact_id`

/** A page of a bot's conversations, the one with the latest message first. 404 not_found. */
export async function listConversations(
  db: Db,
  tenantId: string,
  ref: string,
  { limit, cursor, state, contact }: ConversationQuery,
): Promise<Conversations> {
  const bot = await findBot(db, tenantId, ref)
  const ofState = {
    all: sql``,
    escalated: sql`and s.escalated_at is not null`,
    taken_over: sql`and s.taken_over_at is not null`,
  }[state ?? 'all']
  const begins = contact === undefined ? undefined : `${contact.replace(/[\\%_]/g, '\\$&')}%`
  const named =
    begins === undefined
      ? sql``
      : sql`and (c.full_name ilike ${begins} or c.wa_id like ${begins.replace(/^\+/, '')})`
  const { rows, next_cursor } = await readPage<Conversation>(
    db,
    conversationOrder,
    { limit, cursor, bot: ref, state, contact },
    (rowCount) => sql`
    select ${conversationColumns} from ${conversations}
    where s.tenant_id = ${tenantId} and s.bot_id = ${bot} ${ofState} ${named}
      and (${cursor?.contact}::text is null
        or (s.last_message_at, s.contact_id) < (${cursor?.last_message_at}::timestamptz, private.ulid_to_uuid(${cursor?.contact})))
    order by s.last_message_at desc, s.contact_id desc limit ${rowCount}`,
  )
  return { conversations: rows, next_cursor }
}

/** One of them. 404 not_found. */
export async function readConversation(
  db: Db,
  tenantId: string,
  { bot, contact }: ConversationPath,
): Promise<Conversation> {
  const [found] = await db.query<Conversation>(sql`
    select ${conversationColumns} from ${conversations}
    where s.tenant_id = ${tenantId} and s.bot_id = private.ulid_to_uuid(${bot}) and s.contact_id = private.ulid_to_uuid(${contact})`)
  if (!found) throw noSuchContact()
  return found
}

const messageColumns = sql`
  m.ref_id, m.direction, m.source, m.kind, m.message_text as text, m.occurred_at, m.outcome, m.reason, m.template_used,
  m.training_data_ref as training_data, m.llm_call_ref as llm_call, private.ulid(m.answers_id) as answers, m.status, m.error_code, m.error_message`

/** A page of the messages of a conversation, the newest first. 404 not_found. */
export async function listMessages(
  db: Db,
  tenantId: string,
  path: ConversationPath,
  { limit, cursor }: MessageQuery,
): Promise<Messages> {
  const contact = await findContact(db, tenantId, path)
  const { rows, next_cursor } = await readPage<Message>(
    db,
    messageOrder,
    { limit, cursor, contact: path.contact },
    (rowCount) => sql`
    select ${messageColumns} from public.bot_messages as m
    where m.tenant_id = ${tenantId} and m.bot_id = private.ulid_to_uuid(${path.bot}) and m.contact_id = ${contact}
      and (${cursor?.ref_id}::text is null or m.id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by m.id desc limit ${rowCount}`,
  )
  return { messages: rows, next_cursor }
}

/** Sends a text to a contact. 404 not_found; 409 contact_opted_out, window_closed; 422 invalid_value. */
export function writeToContact(
  db: Db,
  tenantId: string,
  { bot, contact }: ConversationPath,
  text: string,
): Promise<Message> {
  return db.one<Message>(sql`
    select ${messageColumns}
    from public.write_to_contact(${tenantId}, private.ulid_to_uuid(${bot}), private.ulid_to_uuid(${contact}), ${text}) as m`)
}

/** The bot is quiet for this contact, and the caller answers. 404 not_found. */
export async function takeOver(db: Db, tenantId: string, path: ConversationPath): Promise<Conversation> {
  const contact = await findContact(db, tenantId, path)
  await db.query(sql`select public.take_over_conversation(${tenantId}, ${contact})`)
  return readConversation(db, tenantId, path)
}

/** The bot answers this contact again. 404 not_found. */
export async function handBack(db: Db, tenantId: string, path: ConversationPath): Promise<Conversation> {
  const contact = await findContact(db, tenantId, path)
  await db.query(sql`select public.hand_back_conversation(${tenantId}, ${contact})`)
  return readConversation(db, tenantId, path)
}

/** Erases a contact with all messages. 404 not_found. */
export async function forgetContact(db: Db, tenantId: string, path: ConversationPath): Promise<void> {
  const contact = await findContact(db, tenantId, path)
  await db.query(sql`select public.forget_contact(${tenantId}, ${contact})`)
}

async function findContact(db: Db, tenantId: string, { bot, contact }: ConversationPath): Promise<string> {
  const [found] = await db.query<{ id: string }>(sql`
    select c.id from public.contacts as c
    where c.tenant_id = ${tenantId} and c.bot_id = private.ulid_to_uuid(${bot}) and c.id = private.ulid_to_uuid(${contact})`)
  if (!found) throw noSuchContact()
  return found.id
}

const noSuchContact = () => new Problem('not_found', 'This bot has no contact with this ref_id.')
