import { Hono } from 'hono'
import { body, describeRoute, params, query, router } from '../../lib/http/index.ts'
import {
  listMembers,
  listRoles,
  Member,
  MemberChange,
  MemberPath,
  MemberQuery,
  Members,
  OwnershipTransfer,
  RoleQuery,
  Roles,
  removeMember,
  transferOwnership,
  updateMember,
} from '../../lib/registry/index.ts'

const read = router({ auth: 'member', permission: 'read', tenant: 'path', key: 'members:read' }).get(
  '/',
  describeRoute("List a tenant's members, the newest first", {
    200: { description: 'A page of them, whatever the state of their membership.', schema: Members },
  }),
  query(MemberQuery),
  async (c) => c.json(await listMembers(c.var.db, c.var.tenant.id, c.req.valid('query'))),
)

// Leaving needs no permission. Removing others needs "manage", and removeMember checks that.
const leave = router({ auth: 'member', permission: 'read', tenant: 'path' }).delete(
  '/:user',
  describeRoute(
    "End a membership: the caller's own, or as a manager somebody else's",
    { 204: { description: 'Ended.' } },
    ['last_owner', 'tenant_frozen', 'trial_ended'],
  ),
  params(MemberPath),
  async (c) => {
    await removeMember(c.var.db, c.var.tenant.id, c.req.valid('param').user, c.var.caller.id)
    return c.body(null, 204)
  },
)

const manage = router({ auth: 'member', permission: 'manage', tenant: 'path' }).patch(
  '/:user',
  describeRoute(
    "Change a member's role, or switch the membership off and on",
    { 200: { description: 'The changed member.', schema: Member } },
    ['last_owner', 'limit_reached'],
  ),
  params(MemberPath),
  body(MemberChange),
  async (c) =>
    c.json(await updateMember(c.var.db, c.var.tenant.id, c.req.valid('param').user, c.req.valid('json'))),
)

export const members = new Hono().route('/', read).route('/', leave).route('/', manage)

/** Handing a tenant over. */
export const ownership = router({ auth: 'member', permission: 'own', tenant: 'path' }).post(
  '/',
  describeRoute(
    'Hand the tenant over: a member becomes its owner, and the caller an admin',
    { 200: { description: 'The new owner.', schema: Member } },
    ['not_found', 'member_not_active'],
  ),
  body(OwnershipTransfer),
  async (c) => c.json(await transferOwnership(c.var.db, c.var.tenant.id, c.req.valid('json').to)),
)

/** What the roles mean, the same in every tenant. */
export const roles = router({ auth: 'user' }).get(
  '/',
  describeRoute('List the roles and what each may do, the highest first', {
    200: { description: 'A page of them.', schema: Roles },
  }),
  query(RoleQuery),
  async (c) => c.json(await listRoles(c.var.db, c.req.valid('query'))),
)
