import { z } from 'zod'

export const NewDomain = z.strictObject({
  host: z.string().min(1).max(1_024).meta({ description: 'Such as quiz.example.com; www. is implied.' }),
})

export const DomainPath = z.strictObject({ domain: z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/) })

export const CheckResult = z.enum([
  'token_found',
  'wrong_token',
  'no_record',
  'no_such_name',
  'host_taken',
  'dns_failed',
  'resolver_timeout',
  'resolver_failed',
])
export type CheckResult = z.infer<typeof CheckResult>

export const Domain = z
  .object({
    ref_id: z.string(),
    host: z.string(),
    status: z.enum(['pending', 'verified', 'failed']),
    is_primary: z.boolean(),
    verified_at: z.string().nullable(),
    created_at: z.string(),
    /** The record that shows whose domain it is. */
    record: z.object({ type: z.literal('TXT'), name: z.string(), value: z.string() }),
    last_check: z
      .object({ at: z.string(), result: CheckResult, detail: z.string() })
      .nullable()
      .meta({ description: 'What the last check of the record found, as a code and as a sentence.' }),
    missing_since: z.string().nullable().meta({
      description: 'Since when the record of a verified domain is gone. After three days it is lost.',
    }),
  })
  .meta({ id: 'Domain' })
export type Domain = z.infer<typeof Domain>

export const Domains = z.object({ domains: z.array(Domain) })

export const CheckedDomains = z.object({
  checked: z.int(),
  held: z.int(),
  missing: z.int(),
  lost: z.int(),
  unknown: z.int().meta({ description: 'The check could find out nothing, so nothing was changed.' }),
})
export type CheckedDomains = z.infer<typeof CheckedDomains>
