import { type Db, sql } from '../../db/index.ts'
import { messageIdOf } from '../dispatch/deliver.ts'
import type { ReplayRequest, ReplayResult } from './schema.ts'

/**
 * Sends messages to an endpoint again: with the same ids, a new signature, and the whole schedule. 404 not_found, also
 * for a missing message; 409 endpoint_disabled. A dry run says how many these are, and sends nothing.
 */
export function replayMessages(
  db: Db,
  tenantId: string,
  ref: string,
  wanted: ReplayRequest,
): Promise<ReplayResult> {
  const { message_ids: ids, since, until, which = 'all', dry_run: isDryRun = false } = wanted
  return db.one(
    ids
      ? sql`
        select replayed_count as replayed, has_more
        from public.replay_webhook_deliveries(${tenantId}, private.ulid_to_uuid(${ref}),
          event_ids => array(select private.ulid_to_uuid(substr(id, 5)) from unnest(${ids}::text[]) as id),
          dry_run => ${isDryRun})`
      : sql`
        select replayed_count as replayed, has_more
        from public.replay_webhook_deliveries(${tenantId}, private.ulid_to_uuid(${ref}), since => ${since},
          until => ${until}, which => ${which}, dry_run => ${isDryRun})`,
  )
}

/** Sends an event type's example to one endpoint. 404; 409 endpoint_disabled; 422 unknown_event_type. */
export async function sendTestMessage(
  db: Db,
  tenantId: string,
  ref: string,
  eventType = 'webhook.test',
): Promise<string> {
  const { id } = await db.one<{ id: string }>(sql`
    select public.send_webhook_test(${tenantId}, private.ulid_to_uuid(${ref}), ${eventType}) as id`)
  return messageIdOf(id)
}
