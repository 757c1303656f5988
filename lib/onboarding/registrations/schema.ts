import { getCountries, parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { z } from 'zod'
import { emailAddress, moment } from '../../db/index.ts'

const countries = new Set<string>(getCountries())
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that are refused.
const unprintable = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/
const line = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .refine((text) => !unprintable.test(text), 'must be text without control characters')
const country = z
  .string()
  .refine((code) => countries.has(code), 'must be a country of ISO 3166-1, such as IN or CH')
  .meta({ description: 'ISO 3166-1, two capital letters.' })
const upper = (most: number) => line(most).toUpperCase()

/** The first step. There is no password: the account is made by Supabase Auth. */
export const Contact = z
  .strictObject({
    country,
    title: z.enum(['Mr.', 'Mrs.', 'Ms.', 'Dr.', 'Prof.']),
    first_name: line(255),
    last_name: line(255),
    email: emailAddress,
    phone: z
      .string()
      .trim()
      .max(32)
      .meta({ description: 'With the country code, or as dialled in the country.' }),
  })
  .transform((contact, context) => {
    const phone = parsePhoneNumberFromString(contact.phone, contact.country as 'CH')
    if (phone?.isValid()) return { ...contact, phone: phone.number as string }
    context.addIssue({ code: 'custom', path: ['phone'], message: 'must be a telephone number that exists' })
    return z.NEVER
  })
  .meta({ id: 'RegistrationContact', description: 'Step 1: who registers.' })
export type Contact = z.output<typeof Contact>

/** The second step. */
export const Company = z
  .strictObject({
    legal_name: line(255),
    brand_name: line(200),
    pan_number: upper(10).nullable().default(null).meta({ description: 'Only for companies in India.' }),
  })
  .meta({ id: 'RegistrationCompany', description: 'Step 2: the company.' })
export type Company = z.output<typeof Company>

/** The third step. */
export const Location = z
  .strictObject({
    state: line(100),
    has_gst: z.boolean().default(false),
    gst_number: upper(15).nullable().default(null),
  })
  .refine(({ has_gst, gst_number }) => has_gst === (gst_number !== null), {
    error: 'is needed if has_gst is true, and only then',
    path: ['gst_number'],
  })
  .meta({ id: 'RegistrationLocation', description: 'Step 3: the state, and the GST registration.' })
export type Location = z.output<typeof Location>

/** What a stranger can choose. */
export const plans = ['starter', 'professional'] as const

/** The fourth step. */
export const Billing = z
  .strictObject({
    plan: z.enum(plans),
    name: line(255).optional().meta({ description: 'The brand name unless said otherwise.' }),
    address: line(1000),
    city: line(255),
    postal_code: line(32),
    state: line(255),
    country,
  })
  .meta({ id: 'RegistrationBilling', description: 'Step 4: the plan, and where the invoices go.' })
export type Billing = z.output<typeof Billing>

/** A registration as its own browser sees it. */
export const Registration = z
  .strictObject({
    ref_id: z.string(),
    current_step: z.int().min(1).max(4).meta({ description: 'The last completed step.' }),
    is_signed_in: z
      .boolean()
      .meta({ description: 'Whether a step was sent with an access token. That account becomes the owner.' }),
    contact: z.record(z.string(), z.unknown()),
    company: z.record(z.string(), z.unknown()).nullable(),
    location: z.record(z.string(), z.unknown()).nullable(),
    billing: z.record(z.string(), z.unknown()).nullable(),
    plan: z.enum(plans).nullable(),
    expires_at: moment,
  })
  .meta({ id: 'Registration' })
export type Registration = z.infer<typeof Registration>

/** What can be chosen, and what it costs each month. */
export const OfferedPlans = z
  .strictObject({
    plans: z.array(
      z.strictObject({
        plan: z.enum(plans),
        name: z.string(),
        price_minor: z.int().meta({ description: 'A month, in the smallest unit of the currency.' }),
        currency: z.string(),
      }),
    ),
  })
  .meta({ id: 'OfferedPlans' })
export type OfferedPlans = z.infer<typeof OfferedPlans>
