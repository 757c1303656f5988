import { createHmac } from 'node:crypto'

/** The keys of the local providers, and the secrets with which they sign webhooks. */
export interface PaymentSecrets {
  razorpayKeyId: string
  razorpayKeySecret: string
  razorpayWebhookSecret: string
  stripeSecretKey: string
  stripeWebhookSecret: string
}

/** The same for each start of a data folder, and of no use anywhere else. */
export function paymentSecrets(keyPepper: string): PaymentSecrets {
  const derive = (name: string) =>
    createHmac('sha256', keyPepper).update(`local payments: ${name}`).digest('hex')
  return {
    razorpayKeyId: 'rzp_local_tenantry',
    razorpayKeySecret: derive('razorpay key'),
    razorpayWebhookSecret: derive('razorpay webhook'),
    stripeSecretKey: `sk_local_${derive('stripe key')}`,
    stripeWebhookSecret: `whsec_${derive('stripe webhook')}`,
  }
}
