import { type Db, Problem, readPage, sql } from '../../db/index.ts'
import {
  type Meter,
  type MeterChange,
  type MeterQuery,
  type Meters,
  meterOrder,
  type NewMeter,
} from './schema.ts'

const meterColumns = sql`m.ref_id, m.slug, m.name, m.event_type, m.aggregation, m.value_property, m.group_by,
  m.created_at, m.updated_at, m.archived_at`

/** A page of a tenant's meters, the newest first. */
export async function listMeters(db: Db, tenantId: string, { limit, cursor }: MeterQuery): Promise<Meters> {
  const { rows, next_cursor } = await readPage<Meter>(
    db,
    meterOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ${meterColumns}
    from public.usage_meters as m
    where m.tenant_id = ${tenantId}
      and (${cursor?.ref_id}::text is null or m.id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by m.id desc limit ${rowCount}`,
  )
  return { meters: rows, next_cursor }
}

/** One meter, by its slug or ref_id. 404 not_found. */
export async function readMeter(db: Db, tenantId: string, name: string): Promise<Meter> {
  // A ref_id has capital letters and a slug never has, so one name cannot mean two meters.
  const [meter] = await db.query<Meter>(sql`
    select ${meterColumns}
    from public.usage_meters as m where m.tenant_id = ${tenantId} and (m.slug = ${name} or m.ref_id = ${name})`)
  if (!meter) throw new Problem('not_found', 'This tenant has no meter with this slug or ref_id.')
  return meter
}

/** Defines a meter. 409 meter_slug_taken. */
export function createMeter(db: Db, tenantId: string, meter: NewMeter): Promise<Meter> {
  return db.transaction(async (tx) => {
    await tx.query(sql`
      insert into public.usage_meters (tenant_id, slug, name, event_type, aggregation, value_property, group_by)
      values (${tenantId}, ${meter.slug}, ${meter.name}, ${meter.event_type}, ${meter.aggregation}::public.meter_aggregation,
        ${meter.value_property}, ${meter.group_by})`)
    return readMeter(tx, tenantId, meter.slug)
  })
}

/** Renames a meter, changes what it can be split by, archives it or opens it again. 404 not_found. */
export function updateMeter(db: Db, tenantId: string, name: string, change: MeterChange): Promise<Meter> {
  return db.transaction(async (tx) => {
    const { ref_id } = await readMeter(tx, tenantId, name)
    await tx.query(sql`
      update public.usage_meters as m
      set name = coalesce(${change.name}, m.name), group_by = coalesce(${change.group_by}, m.group_by),
        archived_at = case when ${change.is_archived}::boolean then coalesce(m.archived_at, now())
          when ${change.is_archived}::boolean is null then m.archived_at end
      where m.tenant_id = ${tenantId} and m.ref_id = ${ref_id}`)
    return readMeter(tx, tenantId, ref_id)
  })
}
