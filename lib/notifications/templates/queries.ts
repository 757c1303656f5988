import { type BrandChange, tryBrand } from '../../branding/index.ts'
import { type Asker, type Db, Problem, readPage, serviceFor, sql } from '../../db/index.ts'
import { requireRenderable } from './check.ts'
import { diffLines } from './diff.ts'
import { readLook } from './look.ts'
import { type Look, renderMail } from './render.ts'
import {
  type EmailPreview,
  type EmailTemplate,
  type EmailTemplateDiff,
  type EmailTemplatePath,
  type EmailTemplateQuery,
  type EmailTemplates,
  type NewEmailTemplate,
  type PreviewRequest,
  templateOrder,
} from './schema.ts'

/** "0" is the revision of words that are not the tenant's own: it has none to lose. */
const columnsFor = (tenantId: string) => sql`
  e.slug, e.locale, e.name, e.subject, e.body_html, e.body_text, e.variables, e.category,
  e.tenant_id = private.platform_tenant_id() as is_global, e.is_active, e.send_via, e.version, case when e.tenant_id = ${tenantId} then private.ulid(e.revision) else '0' end as revision, e.updated_at`

/** The words that a tenant mails, by slug and language: its own, and the global ones that it has not replaced. */
export async function listTemplates(
  tenantId: string,
  { claims, headers }: Asker,
  { limit, cursor }: EmailTemplateQuery,
): Promise<EmailTemplates> {
  const { rows, next_cursor } = await readPage<EmailTemplate>(
    // No policy shows the rows of the platform.
    serviceFor(claims, headers),
    templateOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ${columnsFor(tenantId)} from public.email_templates as e
    where (e.tenant_id = ${tenantId} or e.tenant_id = private.platform_tenant_id() and not exists (
        select from public.email_templates as o where o.tenant_id = ${tenantId} and o.slug = e.slug and o.locale = e.locale))
      and (${cursor?.slug}::text is null or (e.slug, e.locale) > (${cursor?.slug}, ${cursor?.locale}))
    order by e.slug, e.locale limit ${rowCount}`,
  )
  return { email_templates: rows, next_cursor }
}

/** The tenant's own words, or else the global ones. 404 not_found. */
export async function readTemplate(
  tenantId: string,
  { claims, headers }: Asker,
  path: EmailTemplatePath,
): Promise<EmailTemplate> {
  return found(await findTemplate(serviceFor(claims, headers), tenantId, path))
}

/**
 * Writes a tenant's own words, in the place of the global ones if there are any: then the variables and the category are
 * those of the global ones. `expected` is the revision of the own words that it takes the place of, or "0" where there are
 * none. 412 template_changed if that is another one; 422 invalid_value if it could not be rendered.
 */
export function writeTemplate(
  tenantId: string,
  { claims, headers }: Asker,
  path: EmailTemplatePath,
  expected: string,
  { variables, ...words }: NewEmailTemplate,
): Promise<EmailTemplate> {
  return serviceFor(claims, headers).transaction(async (tx) => {
    const [source] = await tx.query<{ id: string } & Pick<EmailTemplate, 'variables' | 'category'>>(sql`
      select e.id, e.variables, e.category from public.email_templates as e
      where e.tenant_id = private.platform_tenant_id() and e.slug = ${path.template}
      order by e.locale = ${path.locale} desc, e.locale = 'en' desc limit 1`)
    const declared = source?.variables ?? variables
    requireRenderable({ ...words, variables: declared })
    await requireRevision(tx, tenantId, path, expected)
    const written = await tx.query(sql`
      insert into public.email_templates as e (tenant_id, slug, locale, name, subject, body_html, body_text, variables, category,
        source_template_id, is_active, send_via)
      values (${tenantId}, ${path.template}, ${path.locale}, ${words.name}, ${words.subject}, ${words.body_html}, ${words.body_text},
        ${JSON.stringify(declared)}::jsonb, ${source?.category ?? 'custom'}::public.email_template_category, ${source?.id},
        ${words.is_active}, ${words.send_via}::public.email_sender)
      on conflict (tenant_id, slug, locale) do update set
        (name, subject, body_html, body_text, variables, is_active, send_via) =
          (excluded.name, excluded.subject, excluded.body_html, excluded.body_text, excluded.variables, excluded.is_active, excluded.send_via)
      where private.ulid(e.revision) = ${expected}
      returning 1`)
    // Somebody else wrote the first words in the meantime.
    if (written.length === 0) throw templateChanged((await ownRevision(tx, tenantId, path)) ?? null)
    return found(await findTemplate(tx, tenantId, path))
  })
}

/** Removes a tenant's own words of this revision. The global ones count again. 404 not_found; 412 template_changed. */
export function removeTemplate(
  tenantId: string,
  { claims, headers }: Asker,
  path: EmailTemplatePath,
  expected: string,
): Promise<void> {
  return serviceFor(claims, headers).transaction(async (tx) => {
    if ((await ownRevision(tx, tenantId, path)) === undefined) throw noSuchTemplate()
    await requireRevision(tx, tenantId, path, expected)
    await tx.query(sql`
      delete from public.email_templates as e
      where e.tenant_id = ${tenantId} and e.slug = ${path.template} and e.locale = ${path.locale}`)
  })
}

async function requireRevision(
  tx: Db,
  tenantId: string,
  path: EmailTemplatePath,
  expected: string,
): Promise<void> {
  const revision = await ownRevision(tx, tenantId, path)
  if ((revision ?? '0') !== expected) throw templateChanged(revision ?? null)
}

/** The revision of a tenant's own words, which stay locked until the transaction ends. */
async function ownRevision(tx: Db, tenantId: string, path: EmailTemplatePath): Promise<string | undefined> {
  const [own] = await tx.query<{ revision: string }>(sql`
    select private.ulid(e.revision) as revision from public.email_templates as e
    where e.tenant_id = ${tenantId} and e.slug = ${path.template} and e.locale = ${path.locale} for update`)
  return own?.revision
}

function templateChanged(revision: string | null): Problem {
  return new Problem(
    'template_changed',
    'Somebody else has changed this template in the meantime. Read it again.',
    {
      members: { revision },
    },
  )
}

const compared = ['name', 'subject', 'body_html', 'body_text', 'is_active', 'send_via'] as const

/** How a tenant's own words differ from the global ones. 404 not_found if one of the two is missing. */
export async function compareTemplate(
  tenantId: string,
  { claims, headers }: Asker,
  { template, locale }: EmailTemplatePath,
): Promise<EmailTemplateDiff> {
  const rows = await serviceFor(claims, headers).query<EmailTemplate & { is_own: boolean }>(sql`
    select ${columnsFor(tenantId)}, e.tenant_id = ${tenantId} as is_own from public.email_templates as e
    where e.tenant_id in (${tenantId}, private.platform_tenant_id()) and e.slug = ${template} and e.locale = ${locale}`)
  const own = rows.find(({ is_own }) => is_own)
  const common = rows.find(({ is_global }) => is_global)
  if (!own || !common)
    throw new Problem('not_found', 'There are not both words of your own and global ones in this language.')
  const changes = compared
    .filter((field) => own[field] !== common[field])
    .map((field) => ({ field, lines: diffLines(String(common[field] ?? ''), String(own[field] ?? '')) }))
  return { slug: template, locale, own_version: own.version, global_version: common.version, changes }
}

/**
 * The mail that these words become with these values, in the look of the tenant, or of a brand that is not saved.
 * 404 not_found; what a change to the brand is refused with.
 */
export async function previewTemplate(
  db: Db,
  tenantId: string,
  asker: Asker,
  path: EmailTemplatePath,
  { data, words: changed, brand }: PreviewRequest,
): Promise<EmailPreview> {
  const look = brand ? await lookOfDraft(db, tenantId, brand) : await readLook(db, tenantId)
  const saved = await readTemplate(tenantId, asker, path)
  const words = {
    ...saved,
    subject: changed.subject ?? saved.subject,
    body_html: changed.body_html ?? saved.body_html,
    body_text: changed.body_text === undefined ? saved.body_text : changed.body_text,
  }
  requireRenderable(words)
  return renderMail(words, data, look, { locale: path.locale, unsubscribe_url: null })
}

async function lookOfDraft(db: Db, tenantId: string, brand: BrandChange): Promise<Look> {
  try {
    return await tryBrand(db, tenantId, brand, (tx) => readLook(tx, tenantId))
  } catch (thrown) {
    throw thrown instanceof Problem ? thrown.at('/brand') : thrown
  }
}

async function findTemplate(
  db: Db,
  tenantId: string,
  { template, locale }: EmailTemplatePath,
): Promise<EmailTemplate | undefined> {
  const [row] = await db.query<EmailTemplate>(sql`
    select ${columnsFor(tenantId)} from public.email_templates as e
    where e.tenant_id in (${tenantId}, private.platform_tenant_id()) and e.slug = ${template} and e.locale = ${locale}
    order by e.tenant_id = private.platform_tenant_id() limit 1`)
  return row
}

function found(template: EmailTemplate | undefined): EmailTemplate {
  if (!template) throw noSuchTemplate()
  return template
}

const noSuchTemplate = () => new Problem('not_found', 'There is no such template in this language.')
