import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId, refIdPattern } from '../../db/index.ts'

export const NewDomain = z.strictObject({
  host: z.string().min(1).max(1_024).meta({ description: 'Such as quiz.example.com; www. is implied.' }),
})

export const DomainPath = z.strictObject({ domain: z.string().regex(refIdPattern) })

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

export const RouteResult = z.enum([
  'page_shown',
  'no_address',
  'not_reached',
  'not_public',
  'not_trusted',
  'another_page',
])
export type RouteResult = z.infer<typeof RouteResult>

export const Domain = z
  .object({
    ref_id: z.string(),
    host: z.string(),
    status: z.enum(['pending', 'verified', 'failed']),
    is_primary: z.boolean(),
    verified_at: moment.nullable(),
    created_at: moment,
    /** The record that shows whose domain it is. */
    record: z.object({ type: z.literal('TXT'), name: z.string(), value: z.string() }),
    /** The record that leads visitors to the page. */
    address_record: z
      .object({ type: z.literal('CNAME'), name: z.string(), value: z.string() })
      .nullable()
      .meta({ description: 'Null if the platform has not said where its pages are.' }),
    last_check: z
      .object({ at: moment, result: CheckResult, detail: z.string() })
      .nullable()
      .meta({ description: 'What the last look at the record found, in a word and in a sentence.' }),
    last_route: z.object({ at: moment, result: RouteResult, detail: z.string() }).nullable().meta({
      description: 'What a visitor saw at the last look, in a word and in a sentence. It decides nothing.',
    }),
    missing_since: moment.nullable().meta({
      description: 'Since when the record of a verified domain is gone. After three days it is lost.',
    }),
    switched_off_at: moment
      .nullable()
      .meta({ description: 'Since when it shows no page, because the plan has no place for it.' }),
  })
  .meta({ id: 'Domain' })
export type Domain = z.infer<typeof Domain>

/** The newest first. */
export const domainOrder = keyset('domains', { ref_id: refId })
export const DomainQuery = z.strictObject(pageParameters(domainOrder))
export type DomainQuery = z.output<typeof DomainQuery>
export const Domains = z
  .strictObject({ domains: z.array(Domain), next_cursor: nextCursor })
  .meta({ id: 'Domains' })
export type Domains = z.infer<typeof Domains>

export const CheckedDomains = z.object({
  checked: z.int(),
  held: z.int(),
  missing: z.int(),
  lost: z.int(),
  unknown: z.int().meta({ description: 'The check could find out nothing, so nothing was changed.' }),
})
export type CheckedDomains = z.infer<typeof CheckedDomains>
