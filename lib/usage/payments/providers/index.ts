import type { ProviderApi } from '../provider-api.ts'
import type { PaymentProvider } from '../schema.ts'
import { razorpay } from './razorpay.ts'
import { stripe } from './stripe.ts'

export const providerApis: Record<PaymentProvider, ProviderApi> = { razorpay, stripe }
