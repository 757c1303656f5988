import { isNamed, tenantNotFound } from '../auth/index.ts'
import { type Db, pageOf, sql } from '../db/index.ts'
import {
  type Queues,
  type RegisteredTenant,
  type RegisteredTenantQuery,
  type RegisteredTenants,
  registeredOrder,
  type TenantState,
} from './schema.ts'

// All of it runs with the service's rights, which enterAsOperator() gives to operators alone.

const registeredColumns = sql`
  t.ref_id, t.slug, t.name, t.status, t.kind, t.plan, t.tenant_type, t.trial_ends_at, t.created_at,
  (select d.host from public.tenant_domains as d where d.tenant_id = t.id and d.is_primary) as domain`

/** A page of all tenants, the newest first. What is asked for is found along an index, however many tenants there are. */
export async function findTenants(
  db: Db,
  { q, status, plan, limit, cursor }: RegisteredTenantQuery,
): Promise<RegisteredTenants> {
  const rows = await db.query<RegisteredTenant>(sql`
    select ${registeredColumns} from public.tenants as t
    where ${q === undefined ? sql`true` : sql`t.id = any (array(${idsOf(q)}))`}
      and (${status}::public.tenant_status is null or t.status = ${status}::public.tenant_status)
      and (${plan}::text is null or t.plan = ${plan})
      and (${cursor?.ref_id}::text is null or t.id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by t.id desc limit ${limit + 1}`)
  const page = pageOf(registeredOrder, rows, limit)
  return { tenants: page.rows, next_cursor: page.next_cursor }
}

/** The tenants that a text may mean. The last word of a name may be its beginning. */
function idsOf(q: string) {
  const beginning = `${q.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
  return sql`
    select s.tenant_id from public.tenant_slugs as s where s.slug like ${beginning}
    union all select d.tenant_id from public.tenant_domains as d where d.host like ${beginning}
    union all select n.id from public.tenants as n
      where to_tsvector('simple', n.name) @@ (nullif(plainto_tsquery('simple', ${q})::text, '') || ':*')::tsquery
    union all select m.tenant_id from public.user_profiles as p
      join public.tenant_members as m on m.user_id = p.user_id and m.role = 'owner' and m.status = 'active'
      where lower(p.email) like ${beginning}
    union all select r.id from public.tenants as r where r.ref_id = upper(${q})`
}

/**
 * Where a tenant stands, and its figures. That somebody looked is in the tenant's audit log. By slug or ref_id; also an
 * archived tenant. 404 tenant_not_found.
 */
export function readTenantState(db: Db, name: string): Promise<TenantState> {
  return db.transaction(async (tx) => {
    const [found] = await tx.query<RegisteredTenant & { id: string }>(
      sql`select t.id, ${registeredColumns} from public.tenants as t where ${isNamed(name)}`,
    )
    if (!found) throw tenantNotFound('There is no such tenant.')
    const { id, ...tenant } = found
    await tx.query(sql`select private.look_at_tenant(${id})`)
    return {
      tenant,
      lifecycle: await tx.one<TenantState['lifecycle']>(sql`
        select ref_id, slug, status, reason, since, trial_ends_at, freezes_at, frozen_at, archives_at, archived_at, purgeable_at,
          to_json(moves) as moves
        from private.read_tenant_life(${id})`),
      plans: (
        await tx.query<{ plan: string }>(
          sql`select p.plan from public.plans as p where p.trial_days is null order by p.price_minor = 0, p.price_minor, p.plan`,
        )
      ).map(({ plan }) => plan),
      owners: await tx.query<TenantState['owners'][number]>(sql`
        select p.ref_id, p.name, p.email from public.tenant_members as m join public.user_profiles as p on p.user_id = m.user_id
        where m.tenant_id = ${id} and m.role = 'owner' and m.status = 'active' order by m.created_at, m.user_id limit 10`),
      members: await tx.one<TenantState['members']>(sql`
        select count(*) filter (where m.role = 'owner')::int as owner, count(*) filter (where m.role = 'admin')::int as admin,
          count(*) filter (where m.role = 'member')::int as member, count(*) filter (where m.role = 'reviewer')::int as reviewer
        from public.tenant_members as m where m.tenant_id = ${id} and m.status = 'active'`),
      limits: await tx.query<TenantState['limits'][number]>(sql`
        select l.limit_name as limit, l.most::float8, l.used::float8, l.resets_at from private.read_tenant_limits(${id}) as l`),
      usage: await tx.one<TenantState['usage']>(sql`
        select n.since_at, least(coalesce(sum(d.event_count), 0), ${maxTotal})::float8 as event_count,
          least(coalesce(sum(d.tokens_used), 0), ${maxTotal})::float8 as tokens_used,
          least(coalesce(sum(d.cost_micros), 0), ${maxTotal})::float8 as cost_micros
        from (select t.id, t.time_zone, date_trunc('month', now(), t.time_zone) as since_at from public.tenants as t where t.id = ${id}) as n
        left join public.usage_days as d on d.tenant_id = n.id and d.time_zone = n.time_zone and d.starts_at >= n.since_at
        group by n.since_at`),
      queues: await tx.query<TenantState['queues'][number]>(sql`
        select k.queue, k.waiting_count::float8, k.due_count::float8, k.oldest_due_at, k.receiver_count::float8,
          k.failing_receiver_count::float8
        from private.read_tenant_queues(${id}) as k`),
      findings: await tx.query<TenantState['findings'][number]>(
        sql`select f.code, f.severity, f.description from private.find_tenant_findings(${id}) as f`,
      ),
    }
  })
}

/** JSON knows no larger whole number that every reader takes as it is. */
const maxTotal = Number.MAX_SAFE_INTEGER

type Queue = Queues['queues'][number]

/** How each queue stands over all tenants, with the tenants that wait most. */
export function readQueues(db: Db): Promise<Queues> {
  return db.transaction(async (tx) => {
    const queues = await tx.query<Omit<Queue, 'tenants'>>(sql`
      select q.queue, q.unexpanded_count::float8, q.waiting_count::float8, q.due_count::float8, q.under_way_count::float8,
        q.oldest_due_at, q.failing_receiver_count::float8, q.dispatcher_count::float8, q.succeeded_count::float8,
        q.failed_count::float8, q.dead_count::float8
      from private.read_queues() as q`)
    const longest = await tx.query<Queue['tenants'][number] & { queue: string }>(sql`
      select l.queue, l.ref_id, l.slug, l.name, l.waiting_count::float8, l.due_count::float8, l.oldest_due_at,
        l.failing_receiver_count::float8
      from private.find_longest_queues() as l`)
    const providers = await tx.query<Queues['providers'][number]>(sql`
      select p.channel, p.provider, p.is_active and p.verified_at is not null as is_used, p.failing_since_at, p.last_error
      from public.notification_providers as p where p.tenant_id = private.platform_tenant_id() order by p.channel`)
    return {
      providers,
      queues: queues.map((each) => ({
        ...each,
        tenants: longest.filter(({ queue }) => queue === each.queue).map(({ queue: _, ...tenant }) => tenant),
      })),
    }
  })
}
