import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId } from '../../db/index.ts'

export const Conversation = z
  .strictObject({
    contact: refId,
    full_name: z.string().nullable(),
    wa_id: z
      .string()
      .nullable()
      .meta({ description: 'The telephone number, digits only. null: WhatsApp does not tell it.' }),
    is_opted_out: z.boolean().meta({ description: 'Whether the contact wrote STOP: nothing is sent.' }),
    taken_over_at: moment
      .nullable()
      .meta({ description: 'The bot is quiet since then. null: the bot answers.' }),
    taken_over_by: z.uuid().nullable().meta({ description: 'The id of the person who answers.' }),
    escalated_at: moment.nullable().meta({ description: 'Since when the contact waits for a person.' }),
    escalation_reason: z.string().nullable(),
    window_ends_at: moment.nullable().meta({
      description: 'Until when WhatsApp lets you write. It moves with each message of the contact.',
    }),
    last_message_at: moment,
    last_text: z.string().nullable(),
  })
  .meta({ id: 'Conversation', description: 'A contact of a bot, and who answers it now.' })
export type Conversation = z.infer<typeof Conversation>

/** The one with the latest message first. */
export const conversationOrder = keyset('conversations', { last_message_at: moment, contact: refId })
export const ConversationQuery = z.strictObject({
  ...pageParameters(conversationOrder),
  state: z
    .enum(['escalated', 'taken_over'])
    .optional()
    .meta({ description: 'Only those that wait for a person, or that a person answers.' }),
  contact: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'Only of contacts whose name or number begins like this.' }),
})
export const Conversations = z
  .strictObject({ conversations: z.array(Conversation), next_cursor: nextCursor })
  .meta({ id: 'Conversations' })

export const Message = z
  .strictObject({
    ref_id: refId,
    direction: z.enum(['inbound', 'outbound']),
    source: z.enum(['contact', 'bot', 'person', 'api_key']),
    kind: z.string().meta({ description: 'As WhatsApp says it: text, image, location, order, …' }),
    text: z.string().nullable(),
    occurred_at: moment,
    outcome: z
      .enum(['answered', 'escalated', 'silent'])
      .nullable()
      .meta({ description: 'What the bot did about it. null: nothing yet, or it was sent.' }),
    reason: z.string().nullable().meta({ description: 'Which rule led to the outcome.' }),
    template_used: z.string().nullable(),
    training_data: refId.nullable().meta({ description: 'The row that answered.' }),
    llm_call: refId.nullable().meta({ description: 'The call of a model that answered.' }),
    answers: refId.nullable().meta({ description: 'The message that this one answers.' }),
    status: z
      .enum(['waiting', 'unknown', 'sent', 'delivered', 'read', 'failed'])
      .nullable()
      .meta({ description: 'How far a message that was sent got. unknown: WhatsApp has not answered.' }),
    error_code: z.int().nullable().meta({ description: 'The number of WhatsApp for what went wrong.' }),
    error_message: z.string().nullable(),
  })
  .meta({ id: 'BotMessage', description: 'A message of a conversation, and what became of it.' })
export type Message = z.infer<typeof Message>

/** The newest first. */
export const messageOrder = keyset('bot-messages', { ref_id: refId })
export const MessageQuery = z.strictObject(pageParameters(messageOrder))
export const Messages = z
  .strictObject({ messages: z.array(Message), next_cursor: nextCursor })
  .meta({ id: 'BotMessages' })

export const NewBotMessage = z
  .strictObject({ text: z.string().trim().min(1).max(4_096) })
  .meta({ id: 'NewBotMessage' })
export const ConversationPath = z.object({ bot: refId, contact: refId })

export type ConversationQuery = z.output<typeof ConversationQuery>
export type Conversations = z.infer<typeof Conversations>
export type MessageQuery = z.output<typeof MessageQuery>
export type Messages = z.infer<typeof Messages>
export type ConversationPath = z.output<typeof ConversationPath>
