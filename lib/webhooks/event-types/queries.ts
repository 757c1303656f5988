import { type Db, Problem, sql } from '../../db/index.ts'
import type { EventType, EventTypeVersions } from './schema.ts'

/** Every event type, in its newest version. */
export function listEventTypes(db: Db): Promise<EventType[]> {
  return db.query<EventType>(sql`
    select distinct on (t.type) t.type, t.version, t.description, t.is_operational
    from public.webhook_event_types as t order by t.type, t.version desc`)
}

/** All versions of one, with the schema of their data and an example. 404 not_found. */
export async function readEventType(db: Db, type: string): Promise<EventTypeVersions> {
  const rows = await db.query<EventTypeVersions['versions'][number] & { is_operational: boolean }>(sql`
    select t.version, t.description, t.is_operational, t.schema, t.example, t.created_at
    from public.webhook_event_types as t where t.type = ${type} order by t.version desc`)
  const [newest] = rows
  if (!newest) throw new Problem('not_found', 'There is no event type by this name.')
  const { version, description, is_operational } = newest
  const versions = rows.map(({ is_operational: _, ...row }) => row)
  return { type, version, description, is_operational, versions }
}
