import { z } from 'zod'
import { PaymentProvider } from '../../usage/index.ts'

/** Where a registration is paid. */
export const Checkout = z.strictObject({ provider: PaymentProvider }).meta({ id: 'RegistrationCheckout' })
export type Checkout = z.infer<typeof Checkout>

/** What became of a registration. */
export const Outcome = z
  .strictObject({
    status: z
      .enum(['not_ordered', 'created', 'failed', 'paid', 'refund_due', 'refunded'])
      .meta({ description: 'not_ordered, or the status of the order.' }),
    tenant: z.strictObject({ ref_id: z.string(), slug: z.string() }).nullable(),
    invitation_token: z.string().nullable().meta({
      description: 'If no confirmed account was known: what makes the address of the first step the owner.',
    }),
  })
  .meta({ id: 'RegistrationOutcome' })
export type Outcome = z.infer<typeof Outcome>
