import { isNamed, tenantNotFound } from '../../auth/index.ts'
import { type Db, Problem, readPage, sql } from '../../db/index.ts'
import {
  type Entitlement,
  type Entitlements,
  type Product,
  type ProductGrant,
  type ProductQuery,
  type Products,
  productOrder,
  type TenantProduct,
  type TenantProductQuery,
  type TenantProducts,
  tenantProductOrder,
} from './schema.ts'

const grantColumns = sql`g.product, p.name, g.enabled, g.config, g.expires_at, g.created_at, g.updated_at`

/** A page of the platform's products, by name. */
export async function listProducts(db: Db, { limit, cursor }: ProductQuery): Promise<Products> {
  const { rows, next_cursor } = await readPage<Product>(
    db,
    productOrder,
    { limit, cursor },
    (rowCount) => sql`
    select p.product, p.name, p.description, p.supports_projects, p.features
    from public.products as p where ${cursor?.product}::text is null or p.product > ${cursor?.product}
    order by p.product limit ${rowCount}`,
  )
  return { products: rows, next_cursor }
}

/** A page of what a tenant was granted, by name, also of what it may not use now. */
export async function listTenantProducts(
  db: Db,
  tenantId: string,
  { limit, cursor }: TenantProductQuery,
): Promise<TenantProducts> {
  const { rows, next_cursor } = await readPage<TenantProduct>(
    db,
    tenantProductOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ${grantColumns}
    from public.tenant_products as g join public.products as p on p.product = g.product
    where g.tenant_id = ${tenantId} and (${cursor?.product}::text is null or g.product > ${cursor?.product})
    order by g.product limit ${rowCount}`,
  )
  return { products: rows, next_cursor }
}

/** Every product, feature and limit, and whether this tenant may use it now. */
export async function listEntitlements(db: Db, tenantId: string): Promise<Entitlements> {
  const [found] = await db.query<Entitlements>(sql`
    select t.plan, private.has_project_support(t.id) as supports_projects,
      array(
        select jsonb_build_object('product', p.product) || public.check_entitlement(t.id, p.product)
        from public.products as p where coalesce(p.product = private.caller_product(), true) order by p.product) as products,
      array(
        select jsonb_build_object('feature', f.feature) || public.check_entitlement(t.id, null, f.feature)
        from (select unnest(p.features) from public.plans as p
              union select unnest(p.features) from public.products as p) as f (feature)
        order by f.feature) as features,
      array(
        select jsonb_build_object('limit', l.name) || (public.check_gate(t.id, l.name) - '{gate,kind}'::text[])
        from (select distinct jsonb_object_keys(p.limits) from public.plans as p) as l (name)
        order by l.name) as limits,
      array(
        select jsonb_build_object('gate', e.gate, 'in_use', e.in_use, 'most', e.most,
          'switches_off_at', e.switches_off_at, 'switched_off_at', e.switched_off_at)
        from public.plan_excesses as e where e.tenant_id = t.id order by e.gate) as over_plan
    from public.tenants as t where t.id = ${tenantId}`)
  if (!found) throw tenantNotFound()
  return {
    ...found,
    products: found.products.map(withDate),
    features: found.features.map(withDate),
    limits: found.limits.map((limit) => ({ ...limit, resets_at: dateOf(limit.resets_at) })),
    over_plan: found.over_plan.map((excess) => ({
      ...excess,
      switches_off_at: new Date(excess.switches_off_at),
      switched_off_at: dateOf(excess.switched_off_at),
    })),
  }
}

/** Moments inside jsonb arrive as Postgres' text. Everywhere else they are dates. */
function withDate<Answer extends Entitlement>(answer: Answer): Answer {
  return { ...answer, expires_at: dateOf(answer.expires_at) }
}

function dateOf(moment: Date | string | null): Date | null {
  return moment === null ? null : new Date(moment)
}

/** Whether this tenant may use this product, or this feature of it, now. */
export async function checkEntitlement(
  db: Db,
  tenantId: string,
  product: string,
  feature: string | undefined,
): Promise<Entitlement> {
  const { answer } = await db.one<{ answer: Entitlement }>(sql`
    select public.check_entitlement(${tenantId}, ${product}, ${feature ?? null}) as answer`)
  return withDate(answer)
}

/** Grants a product to a tenant, or changes the grant. For the service alone. 404 tenant_not_found, not_found. */
export function grantProduct(
  db: Db,
  tenantName: string,
  product: string,
  { enabled, config, expires_at }: ProductGrant,
): Promise<TenantProduct> {
  return db.transaction(async (tx) => {
    const tenantId = await findTenant(tx, tenantName)
    const granted = await tx.query(sql`
      insert into public.tenant_products (tenant_id, product, enabled, config, expires_at)
      select ${tenantId}::uuid, p.product, ${enabled}::boolean, ${JSON.stringify(config)}::jsonb, ${expires_at}::timestamptz
      from public.products as p where p.product = ${product}
      on conflict (tenant_id, product) do update
      set enabled = excluded.enabled, config = excluded.config, expires_at = excluded.expires_at
      returning 1`)
    if (granted.length === 0) throw noSuchProduct()
    return readTenantProduct(tx, tenantId, product)
  })
}

/** Takes a product away from a tenant, and its settings with it. For the service alone. 404 not_found. */
export function withdrawProduct(db: Db, tenantName: string, product: string): Promise<void> {
  return db.transaction(async (tx) => {
    const tenantId = await findTenant(tx, tenantName)
    const withdrawn = await tx.query(sql`
      delete from public.tenant_products where tenant_id = ${tenantId} and product = ${product} returning 1`)
    if (withdrawn.length === 0) throw new Problem('not_found', 'This tenant was not granted this product.')
  })
}

async function readTenantProduct(db: Db, tenantId: string, product: string): Promise<TenantProduct> {
  const [granted] = await db.query<TenantProduct>(sql`
    select ${grantColumns}
    from public.tenant_products as g join public.products as p on p.product = g.product
    where g.tenant_id = ${tenantId} and g.product = ${product}`)
  if (!granted) throw noSuchProduct()
  return granted
}

/** The service is not a member, so the tenant of its path is looked up here. An archived tenant cannot be granted anything. */
async function findTenant(db: Db, name: string): Promise<string> {
  const [tenant] = await db.query<{ id: string }>(sql`
    select t.id from public.tenants as t where ${isNamed(name)} and t.status <> 'archived'`)
  if (!tenant) throw tenantNotFound('There is no such tenant, or it is archived.')
  return tenant.id
}

function noSuchProduct(): Problem {
  return new Problem('not_found', 'The platform has no product with this name.')
}
