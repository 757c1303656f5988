import { Hono } from 'hono'
import { body, describeRoute, params, query, router } from '../../lib/http/index.ts'
import {
  checkEntitlement,
  Entitlement,
  EntitlementQuestion,
  Entitlements,
  grantProduct,
  listEntitlements,
  listProducts,
  listTenantProducts,
  ProductGrant,
  ProductPath,
  ProductQuery,
  Products,
  TenantProduct,
  TenantProductQuery,
  TenantProducts,
  withdrawProduct,
} from '../../lib/registry/index.ts'

/** The platform's products. */
export const products = router({ auth: 'user' }).get(
  '/',
  describeRoute("List the platform's products, by name", {
    200: { description: 'A page of them.', schema: Products },
  }),
  query(ProductQuery),
  async (c) => c.json(await listProducts(c.var.db, c.req.valid('query'))),
)

const read = router({
  auth: 'member',
  permission: 'read',
  tenant: 'path',
  service: true,
  key: 'entitlements:read',
}).get(
  '/',
  describeRoute('List the products that a tenant was granted, by name', {
    200: { description: 'A page of them, also of those it may not use now.', schema: TenantProducts },
  }),
  query(TenantProductQuery),
  async (c) => c.json(await listTenantProducts(c.var.db, c.var.tenant.id, c.req.valid('query'))),
)

// Only the platform grants products, because a tenant pays for what it may use.
const grant = router({ auth: 'service' })
  .put(
    '/:product',
    describeRoute(
      'Grant a product to a tenant, or change the grant',
      { 200: { description: 'The grant.', schema: TenantProduct } },
      ['tenant_not_found'],
    ),
    params(ProductPath),
    body(ProductGrant),
    async (c) =>
      c.json(
        await grantProduct(
          c.var.db,
          c.req.param('ref') ?? '',
          c.req.valid('param').product,
          c.req.valid('json'),
        ),
      ),
  )
  .delete(
    '/:product',
    describeRoute('Take a product away from a tenant', { 204: { description: 'Taken away.' } }, [
      'tenant_not_found',
    ]),
    params(ProductPath),
    async (c) => {
      await withdrawProduct(c.var.db, c.req.param('ref') ?? '', c.req.valid('param').product)
      return c.body(null, 204)
    },
  )

/** What a tenant was granted. */
export const tenantProducts = new Hono().route('/', read).route('/', grant)

/** What a tenant may use now. Its members and the servers of products ask this. */
export const entitlements = router({
  auth: 'member',
  permission: 'read',
  tenant: 'path',
  service: true,
  key: 'entitlements:read',
})
  .get(
    '/',
    describeRoute('Say of every product, feature and limit whether a tenant may use it now', {
      200: { description: 'All there is.', schema: Entitlements },
    }),
    async (c) => c.json(await listEntitlements(c.var.db, c.var.tenant.id)),
  )
  .get(
    '/:product',
    describeRoute('Say whether a tenant may use a product, or a feature of it, now', {
      200: { description: 'Allowed, or why not.', schema: Entitlement },
    }),
    params(ProductPath),
    query(EntitlementQuestion),
    async (c) =>
      c.json(
        await checkEntitlement(
          c.var.db,
          c.var.tenant.id,
          c.req.valid('param').product,
          c.req.valid('query').feature,
        ),
      ),
  )
