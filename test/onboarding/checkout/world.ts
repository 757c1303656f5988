import { createHash, randomBytes } from 'node:crypto'
import { admin, type Queryable } from '../../kit/db.ts'
import { captured, freshId, type Order } from '../../usage/payments/world.ts'
import { billing, company, contact, location } from '../registrations/filled-in.ts'

export interface RegistrationOptions {
  plan?: 'starter' | 'professional'
  brand?: string
  userId?: string | null
  db?: Queryable
}

/** What is mailed to the owner of a registration. */
const invitationOf = (hash: Buffer) => `tinv_${hash.toString('base64url')}`

/** A registration with all four steps, as the routes write it. Answers the hash of its token. */
export async function makeRegistration({
  plan = 'professional',
  brand = company().brand_name,
  userId = null,
  db = admin,
}: RegistrationOptions = {}): Promise<Buffer> {
  const hash = createHash('sha256').update(randomBytes(32)).digest()
  await db.query(`select private.begin_registration($1, sha256(convert_to($2, 'UTF8')), $3, $4)`, [
    hash,
    invitationOf(hash),
    { ...contact(), phone: '+12025550123' },
    userId,
  ])
  const { plan: _, ...address } = billing()
  for (const [step, data, chosen] of [
    [2, company({ brand_name: brand }), null],
    [3, location(), null],
    [4, { ...address, name: brand }, plan],
  ] as const)
    await db.query('select private.save_registration_step($1, $2, $3, $4)', [hash, step, data, chosen])
  return hash
}

/** Its order, as it stands once the provider knows of it. */
export async function orderRegistration(
  hash: Buffer,
  { provider = 'stripe', db = admin }: { provider?: Order['provider']; db?: Queryable } = {},
): Promise<Order> {
  const { rows } = await db.query<Order>(
    `select a.* from private.order_registration($1, $2, $4) as o
     cross join lateral private.attach_payment_order(o.tenant_id, o.id, coalesce(o.provider_order_id, $3), null) as a`,
    [hash, provider, freshId('cs'), invitationOf(hash)],
  )
  return rows[0]!
}

/** What a right payment of the first month says. */
export const paid = captured

/** How an order stands, and which tenant it made. */
export async function outcomeOf(order: Order, db: Queryable = admin) {
  const { rows } = await db.query<{
    order: string
    payments: string[]
    tenant: string | null
    tenants: number
  }>(
    `select o.status as order, nullif(r.tenant_id, private.platform_tenant_id()) as tenant,
       (select coalesce(array_agg(p.status || coalesce(' ' || p.reason, '') order by p.status, p.reason), '{}') from public.payments as p
        where p.tenant_id = o.tenant_id and p.order_id = o.id) as payments,
       (select count(*)::int from private.registration_orders as x
        where x.token_hash = r.token_hash and x.tenant_id <> private.platform_tenant_id()) as tenants
     from public.payment_orders as o
     join private.registration_orders as r on r.tenant_id = o.tenant_id and r.order_id = o.id
     where o.id = $1`,
    [order.id],
  )
  return rows[0]!
}
