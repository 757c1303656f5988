import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId } from '../db/index.ts'
import { TenantLifecycleDetail, tenantStatuses } from '../registry/index.ts'

const kinds = ['customer', 'demo', 'platform'] as const
const count = z.int().min(0)

/** What the register says of a tenant: nothing that the tenant made. */
const RegisteredTenant = z
  .strictObject({
    ref_id: z.string(),
    slug: z.string(),
    name: z.string(),
    status: z.enum(tenantStatuses),
    kind: z.enum(kinds),
    plan: z.string(),
    tenant_type: z.string(),
    domain: z.string().nullable().meta({ description: 'Its primary domain.' }),
    trial_ends_at: moment.nullable(),
    created_at: moment,
  })
  .meta({ id: 'RegisteredTenant', description: 'What the register says of a tenant.' })

/** The newest first. */
export const registeredOrder = keyset('registered_tenants', { ref_id: refId })
export const RegisteredTenantQuery = z.strictObject({
  q: z.string().trim().min(1).max(200).optional().meta({
    description:
      "The ref_id; words of the name; or the beginning of a slug, of a domain or of an owner's e-mail address.",
  }),
  status: z.enum(tenantStatuses).optional(),
  // SQL knows the plans there are.
  plan: z.string().min(1).max(40).optional(),
  ...pageParameters(registeredOrder),
})
export const RegisteredTenants = z
  .strictObject({ tenants: z.array(RegisteredTenant), next_cursor: nextCursor })
  .meta({ id: 'RegisteredTenants' })

/** A tenant as an operator sees it. */
export const TenantState = z
  .strictObject({
    tenant: RegisteredTenant,
    lifecycle: TenantLifecycleDetail,
    plans: z.array(z.string()).meta({ description: 'The plans that it can be given.' }),
    owners: z
      .array(
        z.strictObject({ ref_id: z.string(), name: z.string().nullable(), email: z.string().nullable() }),
      )
      .meta({ description: 'Whom to write to: at most ten, the first ones.' }),
    members: z
      .strictObject({ owner: count, admin: count, member: count, reviewer: count })
      .meta({ description: 'How many active ones there are in each role.' }),
    limits: z.array(
      z.strictObject({
        limit: z.string(),
        most: z.int().nullable(),
        used: count,
        resets_at: moment.nullable().meta({ description: 'Null for what counts what there is.' }),
      }),
    ),
    usage: z
      .strictObject({
        since_at: moment,
        event_count: count,
        tokens_used: count,
        cost_micros: count.meta({ description: 'In millionths of a US dollar.' }),
      })
      .meta({ description: 'Of this month, in the time zone of the tenant.' }),
    queues: z.array(
      z.strictObject({
        queue: z.string(),
        waiting_count: count,
        due_count: count,
        oldest_due_at: moment.nullable(),
        receiver_count: count,
        failing_receiver_count: count,
      }),
    ),
    findings: z
      .array(
        z.strictObject({
          code: z.string(),
          severity: z.enum(['error', 'warning', 'info']),
          description: z.string(),
        }),
      )
      .meta({ description: 'What needs doing there, the gravest first.' }),
  })
  .meta({ id: 'TenantState', description: 'A tenant as an operator sees it.' })

const LongQueue = z.strictObject({
  ref_id: z.string(),
  slug: z.string(),
  name: z.string(),
  waiting_count: count,
  due_count: count,
  oldest_due_at: moment.nullable(),
  failing_receiver_count: count,
})

const PlatformProvider = z.strictObject({
  channel: z.enum(['email', 'sms', 'whatsapp']),
  provider: z.string(),
  is_used: z.boolean().meta({ description: 'Whether it is active, and a test went well.' }),
  failing_since_at: moment.nullable().meta({ description: 'Since when it cannot be reached.' }),
  last_error: z.string().nullable().meta({ description: 'null once it has sent something again.' }),
})

/** How the queues stand over all tenants. */
export const Queues = z
  .strictObject({
    queues: z.array(
      z.strictObject({
        queue: z.string(),
        unexpanded_count: count.meta({ description: 'What has yet to become items of the queue.' }),
        waiting_count: count,
        due_count: count.meta({ description: 'Of those that wait: whose time has come.' }),
        under_way_count: count,
        oldest_due_at: moment
          .nullable()
          .meta({ description: 'Since when the oldest waits that could be sent now.' }),
        failing_receiver_count: count.meta({
          description: 'Receivers that failed five times or more in a row.',
        }),
        dispatcher_count: count.meta({ description: 'Dispatchers that run now.' }),
        succeeded_count: count.meta({ description: 'Attempts, since the beginning.' }),
        failed_count: count.meta({ description: 'Attempts, since the beginning.' }),
        dead_count: count.meta({
          description: 'What was given up after its last attempt, since the beginning.',
        }),
        tenants: z
          .array(LongQueue)
          .meta({ description: 'The twenty with the most that is due, and then with the most that waits.' }),
      }),
    ),
    providers: z.array(PlatformProvider).meta({
      description: 'By whom messages are sent for tenants without a provider of their own, by channel.',
    }),
  })
  .meta({ id: 'Queues', description: 'How the queues stand over all tenants.' })

export type RegisteredTenant = z.infer<typeof RegisteredTenant>
export type RegisteredTenants = z.infer<typeof RegisteredTenants>
export type RegisteredTenantQuery = z.output<typeof RegisteredTenantQuery>
export type TenantState = z.infer<typeof TenantState>
export type Queues = z.infer<typeof Queues>
