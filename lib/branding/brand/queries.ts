import { tenantNotFound } from '../../auth/index.ts'
import { type Db, named, Problem, sql, versionMismatch } from '../../db/index.ts'
import { changedPlaces, meetingPlaces } from '../../runtime/index.ts'
import type { Brand, BrandChange } from './schema.ts'

/** The whole brand of a tenant, as its members see it. */
export async function readBrand(db: Db, tenantId: string): Promise<Brand> {
  const [brand] = await db.query<Brand>(
    named(
      'read_brand',
      sql`
      select t.ref_id, t.slug, b.version, b.display_name, b.is_active, b.brand, b.email_config, b.enabled_assessments,
        b.coach_name, b.coach_title, b.coach_photo, b.coach_email, b.coach_notification_email, b.website_url,
        b.booking_url, b.legal_entity, b.voice_id, b.slug_prefix, b.canonical_quiz_url,
        private.brand_warnings(b.brand, b.coach_name, b.coach_photo) as warnings, b.updated_at
      from public.tenant_brands as b join public.tenants as t on t.id = b.tenant_id
      where b.tenant_id = ${tenantId}`,
    ),
  )
  // The membership may have ended since the check.
  if (!brand) throw tenantNotFound()
  return brand
}

/**
 * Changes the fields that are named and leaves the rest. `brand` and `email_config` are merged field by field
 * (RFC 7386); null removes a value. Refuses with 422 invalid_brand or invalid_email_config, naming
 * every bad field as it was sent, and with 412 version_mismatch if the brand is not `expected` any more. Without
 * `expected` the last one wins.
 */
export async function updateBrand(
  db: Db,
  tenantId: string,
  change: BrandChange,
  expected?: number,
): Promise<Brand> {
  const { brand, email_config, ...columns } = change
  try {
    return await db.transaction(async (tx) => {
      if (expected !== undefined) await requireBrandVersion(tx, tenantId, change, expected)
      // populate_record starts from the row itself, so a column that is not named keeps its value.
      await tx.query(sql`
        update public.tenant_brands as b set
          (display_name, is_active, enabled_assessments, coach_name, coach_title, coach_photo, coach_email,
            coach_notification_email, website_url, booking_url, legal_entity, voice_id, slug_prefix,
            canonical_quiz_url, brand, email_config) = (
          select n.display_name, n.is_active, n.enabled_assessments, n.coach_name, n.coach_title, n.coach_photo,
            n.coach_email, n.coach_notification_email, n.website_url, n.booking_url, n.legal_entity, n.voice_id,
            n.slug_prefix, n.canonical_quiz_url,
            private.json_merge_patch(b.brand, private.normalize_brand(${JSON.stringify(brand ?? {})}::jsonb, true)),
            private.json_merge_patch(b.email_config, ${JSON.stringify(email_config ?? {})}::jsonb)
          from jsonb_populate_record(b, ${JSON.stringify(columns)}::jsonb) as n)
        where b.tenant_id = ${tenantId}`)
      return readBrand(tx, tenantId)
    })
  } catch (thrown) {
    throw withPlace(thrown)
  }
}

/**
 * Locks the brand. 412 version_mismatch if it is another version. The places where the two changes meet are those that
 * changed since and that this change names.
 */
async function requireBrandVersion(
  tx: Db,
  tenantId: string,
  change: BrandChange,
  expected: number,
): Promise<void> {
  const [head] = await tx.query<{ version: number; changed_in: Record<string, number>; brand: object }>(sql`
    select b.version, b.changed_in, private.normalize_brand(${JSON.stringify(change.brand ?? {})}::jsonb, true) as brand
    from public.tenant_brands as b where b.tenant_id = ${tenantId} for update`)
  if (!head) throw tenantNotFound()
  if (head.version === expected) return
  const theirs = Object.entries(head.changed_in).filter(([, version]) => version > expected)
  const mine = changedPlaces({}, { ...change, ...(change.brand && { brand: head.brand }) })
  throw versionMismatch(
    head.version,
    meetingPlaces(
      theirs.map(([place]) => place),
      mine,
    ),
  )
}

/** SQL's pointers start at the brand, or at the e-mail settings. The sender needs pointers from the start of the body. */
function withPlace(thrown: unknown): unknown {
  if (!(thrown instanceof Problem)) return thrown
  const place = { invalid_brand: '/brand', invalid_email_config: '/email_config' }[thrown.code as string]
  return place === undefined ? thrown : thrown.at(place)
}
