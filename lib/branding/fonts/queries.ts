import { type Db, sql } from '../../db/index.ts'
import type { Fonts } from './schema.ts'

/** The font families that Tenantry serves, by name. They are the same for all. */
export async function listFonts(db: Db): Promise<Fonts> {
  return {
    fonts: await db.query<Fonts['fonts'][number]>(sql`
      select font, family, generic from private.list_font_families()`),
  }
}
