import { type Db, Problem, readPage, sql } from '../../db/index.ts'
import {
  type EventType,
  type EventTypeQuery,
  type EventTypes,
  type EventTypeVersions,
  eventTypeOrder,
} from './schema.ts'

/** A page of the types of events there are, by name, each as its newest version has it. */
export async function listEventTypes(db: Db, { limit, cursor }: EventTypeQuery): Promise<EventTypes> {
  const { rows, next_cursor } = await readPage<EventType>(
    db,
    eventTypeOrder,
    { limit, cursor },
    (rowCount) => sql`
    select distinct on (t.type) t.type, t.version, t.description, t.is_operational
    from public.webhook_event_types as t where ${cursor?.type}::text is null or t.type > ${cursor?.type}
    order by t.type, t.version desc limit ${rowCount}`,
  )
  return { event_types: rows, next_cursor }
}

/** All versions of one, with the schema of their data and an example. 404 not_found. */
export async function readEventType(db: Db, type: string): Promise<EventTypeVersions> {
  const rows = await db.query<EventTypeVersions['versions'][number] & { is_operational: boolean }>(sql`
    select t.version, t.description, t.is_operational, t.schema, t.example, t.created_at
    from public.webhook_event_types as t where t.type = ${type} order by t.version desc`)
  const [newest] = rows
  if (!newest) throw new Problem('not_found', 'There is no event type with this name.')
  const { version, description, is_operational } = newest
  const versions = rows.map(({ is_operational: _, ...row }) => row)
  return { type, version, description, is_operational, versions }
}
