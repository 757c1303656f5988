import { type Db, sql } from '../../db/index.ts'
import type { AcceptedMessage, NewMessage } from './schema.ts'

/**
 * Has a message sent right after the commit. 402 limit_reached; 409 conflict for a key that was used for another template;
 * 422 invalid_value for a recipient or a template that there is not, or without a value that the template needs.
 */
export function sendMessage(
  db: Db,
  tenantId: string,
  { channel, to, template, locale, data, idempotency_key }: NewMessage,
): Promise<AcceptedMessage> {
  return db.one<AcceptedMessage>(sql`
    select public.send_message(${tenantId}, ${channel}::public.notification_channel, ${to}, ${template},
      ${JSON.stringify(data)}::jsonb, ${locale}, ${idempotency_key}) as ref_id`)
}
