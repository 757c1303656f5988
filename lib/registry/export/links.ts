import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { isNamed } from '../../auth/index.ts'
import {
  admin,
  type Claims,
  callerDb,
  type Db,
  moment,
  Problem,
  type RequestHeaders,
  sql,
} from '../../db/index.ts'
import { exportTenant } from './queries.ts'

export const ExportLink = z
  .strictObject({
    path: z.string().meta({
      description: 'Where the file is, below functions/v1. It needs no header, so keep it to yourself.',
    }),
    expires_at: moment.meta({ description: 'When it can no longer be opened.' }),
  })
  .meta({ id: 'ExportLink', description: 'Shown once. Exports the tenant once, within five minutes.' })

export const ExportFileQuery = z.strictObject({ token: z.string().min(1).max(100) })

/**
 * An address that exports the tenant once, within five minutes, as the person who asks for it. Of its token only the hash
 * is stored. 403 forbidden without "export"; 429 too_many_export_links.
 */
export async function issueExportLink(
  db: Db,
  tenant: { id: string; refId: string },
): Promise<z.infer<typeof ExportLink>> {
  const token = `texp_${randomBytes(32).toString('base64url')}`
  const { expires_at } = await db.one<{ expires_at: Date }>(
    sql`select private.issue_export_link(${tenant.id}, ${hashOf(token)}) as expires_at`,
  )
  // The handle and not the slug: a tenant may take another slug meanwhile.
  return {
    path: `/registry/tenants/${tenant.refId}/export/file?token=${token}`,
    expires_at: expires_at.toISOString(),
  }
}

/**
 * Exports the tenant as whoever made the link may at this moment, and ends the link. 404 export_link_not_found for a link
 * that is unknown, over, opened before, or of another tenant. Else it is refused as any export.
 */
export async function openExportLink(
  tenantName: string,
  token: string,
  headers: RequestHeaders,
): Promise<{ slug: string; stream: ReadableStream<Uint8Array> }> {
  const [link] = await admin.query<{ user_id: string | null; id: string; ref_id: string; slug: string }>(sql`
    select private.redeem_export_link(t.id, ${hashOf(token)}) as user_id, t.id, t.ref_id, t.slug
    from public.tenants as t where ${isNamed(tenantName)}`)
  if (!link?.user_id)
    throw new Problem(
      'export_link_not_found',
      'This link is unknown, over, or was opened before. It exports once. Ask for a new one.',
    )
  const claims: Claims = { role: 'authenticated', sub: link.user_id }
  const tenant = { id: link.id, refId: link.ref_id, slug: link.slug }
  return { slug: link.slug, stream: await exportTenant(callerDb(claims, headers), claims, tenant) }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
