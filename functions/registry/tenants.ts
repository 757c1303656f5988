import { Hono } from 'hono'
import { body, describeRoute, query, router } from '../../lib/http/index.ts'
import {
  createTenant,
  listTenants,
  NewTenant,
  readTenant,
  readTenantAccount,
  renameTenant,
  Tenant,
  TenantAccount,
  TenantChange,
  TenantQuery,
  TenantSlugChange,
  Tenants,
  updateTenant,
} from '../../lib/registry/index.ts'

const own = router({ auth: 'user' })
  .get(
    '/',
    describeRoute('List the tenants one belongs to, the newest first', {
      200: { description: 'A page of them.', schema: Tenants },
    }),
    query(TenantQuery),
    async (c) => c.json(await listTenants(c.var.db, c.req.valid('query'))),
  )
  .post(
    '/',
    describeRoute(
      'Create a tenant and become its owner',
      { 201: { description: 'Created, in trial. Location leads to it.', schema: Tenant } },
      ['slug_taken', 'slug_invalid', 'slug_reserved', 'too_many_trials'],
    ),
    body(NewTenant),
    async (c) => {
      const tenant = await createTenant(c.var.db, c.req.valid('json'))
      return c.json(tenant, 201, { location: `tenants/${tenant.ref_id}` })
    },
  )

const read = router({ auth: 'member', permission: 'read', tenant: 'path', key: 'tenant:read' }).get(
  '/:ref',
  describeRoute('Read a tenant, by its slug or ref_id', {
    200: { description: 'The tenant.', schema: Tenant },
  }),
  async (c) => c.json(await readTenant(c.var.db, c.var.tenant.id)),
)

const readAdmin = router({ auth: 'member', permission: 'read_admin', tenant: 'path', service: true }).get(
  '/:ref/account',
  describeRoute("Read a tenant's customer numbers and contract", {
    200: { description: 'What the billing of the platform knows.', schema: TenantAccount },
  }),
  async (c) => c.json(await readTenantAccount(c.var.db, c.var.tenant.id)),
)

const manage = router({ auth: 'member', permission: 'manage', tenant: 'path' })
  .patch(
    '/:ref',
    describeRoute('Change what a tenant is called, and its language and time zone', {
      200: { description: 'The changed tenant.', schema: Tenant },
    }),
    body(TenantChange),
    async (c) => c.json(await updateTenant(c.var.db, c.var.tenant.id, c.req.valid('json'))),
  )
  .post(
    '/:ref/slug',
    describeRoute(
      'Give a tenant another slug; the old one leads to it for 90 days',
      { 200: { description: 'The renamed tenant.', schema: Tenant } },
      ['slug_taken', 'slug_invalid', 'slug_reserved'],
    ),
    body(TenantSlugChange),
    async (c) => c.json(await renameTenant(c.var.db, c.var.tenant.id, c.req.valid('json').slug)),
  )

export const tenants = new Hono().route('/', own).route('/', read).route('/', readAdmin).route('/', manage)
