import { type Db, sql } from '../../db/index.ts'
import { publicUrl } from '../../storage/index.ts'
import type { Look } from './render.ts'

/** A look as the database has it: a brand need not say everything. */
export type StoredLook = {
  [Field in keyof Look]: Field extends 'primary' | 'background' | 'text' ? string | null : Look[Field]
}

/** How a tenant's mails look: its brand, and the settings of its e-mails. For those who may see its templates. */
export async function readLook(db: Db, tenantId: string): Promise<Look> {
  const { look } = await db.one<{ look: StoredLook }>(sql`select public.read_mail_look(${tenantId}) as look`)
  return lookOf(look)
}

export function lookOf(look: StoredLook): Look {
  return {
    ...look,
    // A mail is read far from the project.
    logo_url: look.logo_url && publicUrl(look.logo_url),
    primary: opaque(look.primary) ?? '#1f2937',
    background: opaque(look.background) ?? '#ffffff',
    text: opaque(look.text) ?? '#1f2937',
  }
}

/** Mail programs know no colours with a fourth part. */
function opaque(colour: string | null): string | undefined {
  if (colour === null) return undefined
  return colour.length === 5 ? colour.slice(0, 4) : colour.slice(0, 7)
}
