import type { PaymentSecrets } from './secrets.ts'

/**
 * What the functions need in order to use the local providers. A provider whose key stands in the shell is the real
 * one: its key must never be sent to the local one.
 */
export function paymentEnvironment(
  url: string,
  secrets: PaymentSecrets,
  shell: Record<string, string | undefined> = process.env,
): Record<string, string> {
  return {
    ...(!shell.TENANTRY_RAZORPAY_KEY_ID && {
      TENANTRY_RAZORPAY_URL: `${url}/razorpay`,
      TENANTRY_RAZORPAY_KEY_ID: secrets.razorpayKeyId,
      TENANTRY_RAZORPAY_KEY_SECRET: secrets.razorpayKeySecret,
      TENANTRY_RAZORPAY_WEBHOOK_SECRET: secrets.razorpayWebhookSecret,
    }),
    ...(!shell.TENANTRY_STRIPE_SECRET_KEY && {
      TENANTRY_STRIPE_URL: `${url}/stripe`,
      TENANTRY_STRIPE_SECRET_KEY: secrets.stripeSecretKey,
      TENANTRY_STRIPE_WEBHOOK_SECRET: secrets.stripeWebhookSecret,
    }),
  }
}
