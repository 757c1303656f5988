import { sql } from '../../db/index.ts'
import { orderColumns, type PaymentOrder, placeOrder, providerSettings } from '../../usage/index.ts'
import { type Registrant, serviceOf, tokenHashOf } from '../registrations/queries.ts'
import { invitationTokenOf } from '../registrations/token.ts'
import type { Checkout, Outcome } from './schema.ts'

/**
 * Orders the chosen plan, and makes the subscription at the provider. The same steps at the same provider are the same
 * order. 409 step_not_reached; 410 registration_ended; 429 too_many_orders; 503 payment_provider_failed.
 */
export async function checkOut(registrant: Registrant, { provider }: Checkout): Promise<PaymentOrder> {
  // Before anything is noted that could not be paid.
  providerSettings(provider)
  const service = serviceOf(registrant)
  const { id, tenant_id, title, ...order } = await service.one<
    PaymentOrder & { id: string; tenant_id: string; title: string }
  >(sql`
    select ${orderColumns}, id, tenant_id, (select p.name from public.plans as p where p.plan = bought ->> 'plan') as title
    from private.order_registration(${tokenHashOf(registrant)}, ${provider}, ${invitationTokenOf(registrant.token ?? '')})`)
  return placeOrder(service, { tenantId: tenant_id, id }, { ...order, title, isRecurring: true })
}

/**
 * What became of the browser's registration. The token of the owner's invitation follows from the cookie, so it is shown
 * to this browser alone, and it works for the address of the first step alone. 404, 410.
 */
export async function readOutcome(registrant: Registrant): Promise<Outcome> {
  const hash = tokenHashOf(registrant)
  const { status, tenant_ref, tenant_slug, is_invited } = await serviceOf(registrant).one<{
    status: Outcome['status']
    tenant_ref: string | null
    tenant_slug: string | null
    is_invited: boolean
  }>(sql`select status, tenant_ref, tenant_slug, is_invited from private.read_registration_outcome(${hash})`)
  return {
    status,
    tenant: tenant_ref !== null && tenant_slug !== null ? { ref_id: tenant_ref, slug: tenant_slug } : null,
    invitation_token: is_invited ? invitationTokenOf(registrant.token ?? '') : null,
  }
}
