import { admin, sql } from '../../db/index.ts'
import { askGraph } from '../number/graph.ts'

/** An answer waits no longer for this. */
const timeoutMs = 2_000

/**
 * Shows a contact that a message, and all before it, was read, and that an answer is being typed. WhatsApp shows that until a message
 * comes, and for 25 seconds at most. It never throws: whoever cannot see it gets the answer all the same.
 * Source: developers.facebook.com/documentation/business-messaging/whatsapp/typing-indicators.
 */
export async function markAsRead(tenantId: string, botId: string, wamid: string): Promise<void> {
  try {
    const [sender] = await admin.query<{ phone_number_id: string; access_token: string }>(sql`
      select s.whatsapp_phone_number_id as phone_number_id, s.access_token from private.read_bot_sender(${tenantId}, ${botId}) as s`)
    if (!sender) return
    await askGraph(`${sender.phone_number_id}/messages`, {
      token: sender.access_token,
      body: {
        messaging_product: 'whatsapp',
        status: 'read',
        message_id: wamid,
        typing_indicator: { type: 'text' },
      },
      timeoutMs,
    })
  } catch {
    // What is wrong with the number, sending the answer finds out and says.
  }
}
