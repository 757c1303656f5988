import { z } from 'zod'
import { type Db, Problem, sql } from '../../db/index.ts'
import { PaymentProvider } from './schema.ts'
import { providerSettings } from './settings.ts'

const price = {
  name: z.string(),
  price_minor: z.int().meta({ description: 'In the smallest unit of the currency.' }),
  currency: z.string().meta({ description: 'ISO 4217.' }),
}

export const Offers = z
  .strictObject({
    plans: z.array(z.strictObject({ plan: z.string(), ...price })).meta({
      description: 'Paid each month; the cheapest first.',
    }),
    bundles: z.array(z.strictObject({ bundle: z.string(), credits: z.int(), ...price })).meta({
      description: 'Credits, paid once; the cheapest first.',
    }),
    providers: z.array(PaymentProvider).meta({ description: 'Those that are set up here.' }),
  })
  .meta({ id: 'Offers', description: 'What can be ordered, and at which providers.' })
type Offers = z.infer<typeof Offers>

/** What can be ordered now. The price list is the same for every tenant. */
export async function readOffers(db: Db): Promise<Offers> {
  const plans = await db.query<Offers['plans'][number]>(sql`
    select p.plan, p.name, p.price_minor, p.currency from public.plans as p
    where p.trial_days is null and p.price_minor > 0 order by p.price_minor, p.plan`)
  const bundles = await db.query<Offers['bundles'][number]>(sql`
    select b.bundle, b.name, b.credits::float8 as credits, b.price_minor::float8 as price_minor, b.currency
    from public.topup_bundles as b where b.is_offered order by b.price_minor, b.bundle`)
  return { plans, bundles, providers: PaymentProvider.options.filter(isSetUp) }
}

function isSetUp(provider: PaymentProvider): boolean {
  try {
    providerSettings(provider)
    return true
  } catch (thrown) {
    if (thrown instanceof Problem) return false
    throw thrown
  }
}
