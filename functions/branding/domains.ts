import { Hono } from 'hono'
import {
  Address,
  addDomain,
  CheckedDomains,
  Domain,
  DomainPath,
  DomainQuery,
  Domains,
  listDomains,
  NewDomain,
  readAddress,
  recheckDomains,
  removeDomain,
  setPrimaryDomain,
  verifyDomain,
} from '../../lib/branding/index.ts'
import { askerOf, body, describeRoute, params, query, router } from '../../lib/http/index.ts'

const read = router({ auth: 'member', permission: 'read' }).get(
  '/',
  describeRoute("List a tenant's own domains, the newest first", {
    200: { description: 'A page of them, each with the record that verifies it.', schema: Domains },
  }),
  query(DomainQuery),
  async (c) => c.json(await listDomains(c.var.db, c.var.tenant.id, c.req.valid('query'))),
)

const manage = router({ auth: 'member', permission: 'manage' })
  .post(
    '/',
    describeRoute(
      'Add a domain, to be verified by its record',
      { 201: { description: 'The pending domain and the record it waits for.', schema: Domain } },
      [
        'feature_not_in_plan',
        'limit_reached',
        'domain_invalid',
        'domain_reserved',
        'conflict',
        'too_many_domains',
      ],
    ),
    body(NewDomain),
    async (c) => c.json(await addDomain(c.var.db, c.var.tenant.id, c.req.valid('json').host), 201),
  )
  .post(
    '/:domain/verify',
    describeRoute(
      'Look now for a domain’s record, and whether it shows the page',
      { 200: { description: 'The domain; last_check and last_route say what was found.', schema: Domain } },
      ['domain_taken', 'domain_just_checked'],
    ),
    params(DomainPath),
    async (c) => {
      const { domain } = c.req.valid('param')
      const asker = askerOf(c)
      return c.json(await verifyDomain(c.var.db, asker, c.var.tenant.id, domain))
    },
  )
  .post(
    '/:domain/primary',
    describeRoute(
      'Make a verified domain the primary one',
      { 200: { description: 'The domain.', schema: Domain } },
      ['domain_not_verified'],
    ),
    params(DomainPath),
    async (c) => c.json(await setPrimaryDomain(c.var.db, c.var.tenant.id, c.req.valid('param').domain)),
  )
  .delete(
    '/:domain',
    describeRoute('Remove a domain', { 204: { description: 'Removed. It no longer routes.' } }),
    params(DomainPath),
    async (c) => {
      await removeDomain(c.var.db, c.var.tenant.id, c.req.valid('param').domain)
      return c.body(null, 204)
    },
  )

const recheck = router({ auth: 'service' }).post(
  '/re-check',
  describeRoute('Look again for the records of verified domains that are due', {
    200: { description: 'How many were checked, and what was found.', schema: CheckedDomains },
  }),
  async (c) => c.json(await recheckDomains(c.var.db)),
)

export const address = router({ auth: 'member', permission: 'read' }).get(
  '/',
  describeRoute("Read where a tenant's page is, and where its domains have to lead", {
    200: { description: 'Its addresses.', schema: Address },
  }),
  async (c) => c.json(await readAddress(c.var.db, c.var.tenant)),
)

/** A tenant's own domains. Cron wakes the last of these routes. */
export const domains = new Hono().route('/', read).route('/', manage).route('/', recheck)
