import { type Db, sql } from '../../db/index.ts'
import type { PublicConfig } from '../page/schema.ts'
import { updateBrand } from './queries.ts'
import type { BrandChange, BrandPreview } from './schema.ts'

/** Ends the transaction in which the change was tried. */
class Tried extends Error {
  readonly preview: BrandPreview

  constructor(preview: BrandPreview) {
    super('The change was only tried.')
    this.preview = preview
  }
}

/**
 * What visitors would get if this change was made. It is made, the page is rendered as always, and the transaction is
 * rolled back. So it is refused exactly as the change would be, and nobody is told anything.
 */
export async function previewBrand(
  db: Db,
  tenant: { id: string; slug: string },
  change: BrandChange,
): Promise<BrandPreview> {
  try {
    return await db.transaction(async (tx) => {
      const { warnings } = await updateBrand(tx, tenant.id, change)
      const { page } = await tx.one<{ page: PublicConfig | null }>(
        sql`select public.get_tenant_by_slug(${tenant.slug}) as page`,
      )
      throw new Tried({ page, warnings })
    })
  } catch (thrown) {
    if (thrown instanceof Tried) return thrown.preview
    throw thrown
  }
}
