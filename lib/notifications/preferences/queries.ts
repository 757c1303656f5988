import { type Asker, serviceFor, sql } from '../../db/index.ts'
import type { NotificationPreferences } from './schema.ts'

/** Nothing was chosen: everything is sent, at any time. */
const unchosen: NotificationPreferences = {
  channels: {},
  quiet_from: null,
  quiet_until: null,
  time_zone: null,
}

/** What a person has chosen in a tenant, or what the tenant has for everybody (null). */
export async function readPreferences(
  { claims, headers }: Asker,
  tenantId: string,
  person: string | null,
): Promise<NotificationPreferences> {
  const [chosen] = await serviceFor(claims, headers).query<NotificationPreferences>(sql`
    select p.channels, to_char(p.quiet_from, 'HH24:MI') as quiet_from, to_char(p.quiet_until, 'HH24:MI') as quiet_until, p.time_zone
    from public.notification_preferences as p
    where p.tenant_id = ${tenantId} and p.user_id is not distinct from ${person}::uuid`)
  return chosen ?? unchosen
}

/** Chooses anew. What is left out is as if it had never been chosen. 422 invalid_value for a time zone that there is not. */
export async function writePreferences(
  asker: Asker,
  tenantId: string,
  person: string | null,
  { channels, quiet_from, quiet_until, time_zone }: NotificationPreferences,
): Promise<NotificationPreferences> {
  await serviceFor(asker.claims, asker.headers).query(sql`
    insert into public.notification_preferences (tenant_id, user_id, channels, quiet_from, quiet_until, time_zone)
    values (${tenantId}, ${person}::uuid, ${JSON.stringify(channels)}::jsonb, ${quiet_from}::time, ${quiet_until}::time, ${time_zone})
    on conflict on constraint one_for_each_person do update set
      (channels, quiet_from, quiet_until, time_zone) = (excluded.channels, excluded.quiet_from, excluded.quiet_until, excluded.time_zone)`)
  return readPreferences(asker, tenantId, person)
}
