import { Hono } from 'hono'
import { body, describeRoute, router } from '../../lib/http/index.ts'
import {
  changePlan,
  changeTenantStatus,
  extendTrial,
  findTenantId,
  purgeTenant,
  readLifecycle,
  TenantCancellation,
  TenantLifecycle,
  TenantLifecycleDetail,
  TenantPlan,
  TenantPlanChange,
  TenantPurge,
  TenantPurgeRequest,
  TenantStatusChange,
  TenantTrialChange,
} from '../../lib/registry/index.ts'

const read = router({ auth: 'member', permission: 'read_admin', tenant: 'path', service: true }).get(
  '/:ref/lifecycle',
  describeRoute('Read where a tenant stands in its life, and what comes next', {
    200: {
      description: 'Its status, what the clock will do, and what you may do.',
      schema: TenantLifecycleDetail,
    },
  }),
  async (c) => c.json(await readLifecycle(c.var.db, c.var.tenant.id)),
)

const own = router({ auth: 'member', permission: 'own', tenant: 'path' }).post(
  '/:ref/cancel',
  describeRoute(
    'Cancel a tenant: it is frozen at once and archived after 30 days',
    { 200: { description: 'Frozen. The platform can make it active again.', schema: TenantLifecycle } },
    ['invalid_status_move'],
  ),
  body(TenantCancellation),
  async (c) =>
    c.json(await changeTenantStatus(c.var.db, c.var.tenant.id, { ...c.req.valid('json'), status: 'frozen' })),
)

const operator = router({ auth: 'operator' })
  .put(
    '/:ref/status',
    describeRoute(
      'Move a tenant to another status',
      { 200: { description: 'Moved, or there already.', schema: TenantLifecycle } },
      ['tenant_not_found', 'invalid_status_move'],
    ),
    body(TenantStatusChange),
    async (c) => {
      const tenantId = await findTenantId(c.var.db, c.req.param('ref') ?? '')
      return c.json(await changeTenantStatus(c.var.db, tenantId, c.req.valid('json')))
    },
  )
  .put(
    '/:ref/plan',
    describeRoute(
      'Give a tenant another plan',
      { 200: { description: 'Changed, or the plan it had already.', schema: TenantPlan } },
      ['tenant_not_found'],
    ),
    body(TenantPlanChange),
    async (c) => c.json(await changePlan(c.var.db, c.req.param('ref') ?? '', c.req.valid('json').plan)),
  )
  .put(
    '/:ref/trial',
    describeRoute(
      'Set when the trial of a tenant ends',
      { 200: { description: 'The trial with its new end.', schema: TenantPlan } },
      ['tenant_not_found', 'not_in_trial'],
    ),
    body(TenantTrialChange),
    async (c) => c.json(await extendTrial(c.var.db, c.req.param('ref') ?? '', c.req.valid('json').ends_at)),
  )

// Not for a person: it cannot be taken back, and a session may be stolen.
const platform = router({ auth: 'service' }).post(
  '/:ref/purge',
  describeRoute(
    'Delete everything that an archived tenant owned, except its audit log',
    {
      200: { description: 'Done.', schema: TenantPurge },
      202: {
        description: 'Under way: it goes on by itself. Ask again to see how far it is.',
        schema: TenantPurge,
      },
    },
    ['tenant_not_found', 'not_purgeable'],
  ),
  body(TenantPurgeRequest),
  async (c) => {
    const purge = await purgeTenant(c.var.db, c.req.param('ref') ?? '', c.req.valid('json'))
    return c.json(purge, purge.finished_at === null ? 202 : 200)
  },
)

export const lifecycle = new Hono().route('/', read).route('/', own).route('/', operator).route('/', platform)
