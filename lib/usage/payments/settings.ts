import process from 'node:process'
import { z } from 'zod'
import { Problem } from '../../db/index.ts'
import type { PaymentProvider } from './schema.ts'

/** What our side needs in order to ask a provider and to believe it. */
export interface ProviderSettings {
  /** Where its API is, without a slash at the end. */
  url: string
  /** The value of the header "authorization". */
  authorization: string
  /** Each may have signed a webhook. Two during a rotation. */
  webhookSecrets: string[]
  /** Where buyers come back to. */
  returnUrl: string
}

const url = (usual: string) =>
  z
    .url({ protocol: /^https?$/ })
    .default(usual)
    .transform((text) => text.replace(/\/+$/, ''))
const secret = z.string().trim().min(1)
const secrets = secret
  .transform((text) =>
    text
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== ''),
  )
  .pipe(z.array(z.string().min(16)).min(1))

const Razorpay = z.object({
  TENANTRY_RAZORPAY_URL: url('https://api.razorpay.com'),
  TENANTRY_RAZORPAY_KEY_ID: secret,
  TENANTRY_RAZORPAY_KEY_SECRET: secret,
  TENANTRY_RAZORPAY_WEBHOOK_SECRET: secrets,
})
const Stripe = z.object({
  TENANTRY_STRIPE_URL: url('https://api.stripe.com'),
  TENANTRY_STRIPE_SECRET_KEY: secret,
  TENANTRY_STRIPE_WEBHOOK_SECRET: secrets,
})

type Environment = Record<string, string | undefined>

/**
 * Reads a provider's settings. Its secrets are in the environment and not in the database, so a leaked dump can sign
 * nothing.
 *
 * @throws Problem payment_provider_not_set_up, which a provider takes as a reason to send its webhook again.
 */
export function providerSettings(
  provider: PaymentProvider,
  environment: Environment = process.env,
): ProviderSettings {
  const read = provider === 'razorpay' ? razorpay(environment) : stripe(environment)
  if (read)
    return { ...read, returnUrl: environment.TENANTRY_PAYMENT_RETURN_URL || environment.SUPABASE_URL || '' }
  throw new Problem('payment_provider_not_set_up', `Payments by ${provider} are not set up here.`)
}

function razorpay(environment: Environment): Omit<ProviderSettings, 'returnUrl'> | undefined {
  const { data } = Razorpay.safeParse(environment)
  if (!data) return undefined
  return {
    url: data.TENANTRY_RAZORPAY_URL,
    authorization: `Basic ${btoa(`${data.TENANTRY_RAZORPAY_KEY_ID}:${data.TENANTRY_RAZORPAY_KEY_SECRET}`)}`,
    webhookSecrets: data.TENANTRY_RAZORPAY_WEBHOOK_SECRET,
  }
}

function stripe(environment: Environment): Omit<ProviderSettings, 'returnUrl'> | undefined {
  const { data } = Stripe.safeParse(environment)
  if (!data) return undefined
  return {
    url: data.TENANTRY_STRIPE_URL,
    authorization: `Bearer ${data.TENANTRY_STRIPE_SECRET_KEY}`,
    webhookSecrets: data.TENANTRY_STRIPE_WEBHOOK_SECRET,
  }
}
