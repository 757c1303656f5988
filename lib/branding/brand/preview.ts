import { type Db, sql } from '../../db/index.ts'
import type { PublicConfig } from '../page/schema.ts'
import { updateBrand } from './queries.ts'
import type { Brand, BrandChange, BrandPreview } from './schema.ts'

/** Ends the transaction in which the change was tried. */
class Tried<Seen> extends Error {
  readonly seen: Seen

  constructor(seen: Seen) {
    super('The change was only tried.')
    this.seen = seen
  }
}

/**
 * What `look` sees if this change to a brand is made. The change is made and rolled back. So it is refused exactly as it
 * would be, and nobody is told anything.
 */
export async function tryBrand<Seen>(
  db: Db,
  tenantId: string,
  change: BrandChange,
  look: (tx: Db, changed: Brand) => Promise<Seen>,
): Promise<Seen> {
  try {
    return await db.transaction(async (tx) => {
      throw new Tried(await look(tx, await updateBrand(tx, tenantId, change)))
    })
  } catch (thrown) {
    if (thrown instanceof Tried) return thrown.seen as Seen
    throw thrown
  }
}

/** What visitors would get if this change was made, rendered as always. */
export function previewBrand(
  db: Db,
  tenant: { id: string; slug: string },
  change: BrandChange,
): Promise<BrandPreview> {
  return tryBrand(db, tenant.id, change, async (tx, { warnings }) => {
    const { page } = await tx.one<{ page: PublicConfig | null }>(
      sql`select public.get_tenant_by_slug(${tenant.slug}) as page`,
    )
    return { page, warnings }
  })
}
