import { type Db, Problem, readPage, sql } from '../../db/index.ts'
import { campaignUrl } from '../../notifications/index.ts'
import {
  type Campaign,
  type CampaignChange,
  type CampaignQuery,
  type Campaigns,
  campaignOrder,
  type NewCampaign,
} from './schema.ts'

interface Tenant {
  id: string
  slug: string
}
type CampaignRow = Omit<Campaign, 'url'> & { quiz_url: string | null }

const campaignColumns = sql`
  c.ref_id, c.name, c.assessment_type, c.mode, c.status, c.results_disclosure, c.opens_at, c.closes_at, c.landing,
  c.switched_off_at is not null as is_switched_off,
  (select case when b.slug_prefix <> '' then rtrim(b.canonical_quiz_url, '/') || '/' || b.slug_prefix else b.canonical_quiz_url end
    from public.tenant_brands as b where b.tenant_id = c.tenant_id) as quiz_url,
  c.created_at, c.updated_at`

const withUrl = ({ slug }: Tenant, { quiz_url, ...campaign }: CampaignRow): Campaign => ({
  ...campaign,
  url: campaignUrl(campaign.ref_id, { slug, quizUrl: quiz_url }),
})

/** A page of a tenant's campaigns, the newest first. */
export async function listCampaigns(
  db: Db,
  tenant: Tenant,
  { limit, cursor, status }: CampaignQuery,
): Promise<Campaigns> {
  const { rows, next_cursor } = await readPage<CampaignRow>(
    db,
    campaignOrder,
    { limit, cursor, status },
    (rowCount) => sql`
    select ${campaignColumns}
    from public.campaigns as c
    where c.tenant_id = ${tenant.id} ${status ? sql`and c.status = ${status}` : sql``}
      ${cursor ? sql`and c.id < private.ulid_to_uuid(${cursor.ref_id})` : sql``}
    order by c.id desc limit ${rowCount}`,
  )
  return { campaigns: rows.map((row) => withUrl(tenant, row)), next_cursor }
}

/** One campaign. 404 campaign_not_found. */
export async function readCampaign(db: Db, tenant: Tenant, ref: string): Promise<Campaign> {
  const [row] = await db.query<CampaignRow>(sql`
    select ${campaignColumns} from public.campaigns as c where c.tenant_id = ${tenant.id} and c.ref_id = ${ref}`)
  if (!row) throw notFound()
  return withUrl(tenant, row)
}

/** 402 feature_not_in_plan, limit_reached; 422 unknown_assessment, assessment_not_enabled, invalid_value. */
export function createCampaign(db: Db, tenant: Tenant, { ref_id, ...given }: NewCampaign): Promise<Campaign> {
  return db.transaction(async (tx) => {
    const [made] = await tx.query<{ ref_id: string }>(sql`
      insert into public.campaigns as c (tenant_id, id, name, assessment_type, mode, status, results_disclosure, opens_at, closes_at, landing)
      select ${tenant.id}, coalesce(private.ulid_to_uuid(${ref_id ?? null}), private.uuid_v7()),
        n.name, coalesce(n.assessment_type, 'industry4'), n.mode, coalesce(n.status, 'open'), coalesce(n.results_disclosure, 'full'),
        n.opens_at, n.closes_at, coalesce(n.landing, '{}')
      from jsonb_populate_record(null::public.campaigns, ${JSON.stringify(given)}::jsonb) as n
      on conflict (tenant_id, id) do nothing returning c.ref_id`)
    // Sent before, by somebody whose answer was lost.
    return readCampaign(tx, tenant, made?.ref_id ?? ref_id ?? '')
  })
}

/** Changes what is named. 404 campaign_not_found, and what creating one refuses. */
export function changeCampaign(
  db: Db,
  tenant: Tenant,
  ref: string,
  change: CampaignChange,
): Promise<Campaign> {
  return db.transaction(async (tx) => {
    const changed = await tx.query(sql`
      update public.campaigns as c set
        (name, assessment_type, mode, status, results_disclosure, opens_at, closes_at, landing) = (
        select n.name, n.assessment_type, n.mode, n.status, n.results_disclosure, n.opens_at, n.closes_at, n.landing
        from jsonb_populate_record(c, ${JSON.stringify(change)}::jsonb) as n)
      where c.tenant_id = ${tenant.id} and c.ref_id = ${ref} returning c.id`)
    if (changed.length === 0) throw notFound()
    return readCampaign(tx, tenant, ref)
  })
}

/** Its participants stay, without a campaign. 404 campaign_not_found. */
export async function deleteCampaign(db: Db, tenant: Tenant, ref: string): Promise<void> {
  const deleted = await db.query(sql`
    delete from public.campaigns as c where c.tenant_id = ${tenant.id} and c.ref_id = ${ref} returning c.id`)
  if (deleted.length === 0) throw notFound()
}

const notFound = () => new Problem('campaign_not_found', 'This tenant has no campaign with this ref_id.')
