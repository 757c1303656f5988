import { log } from '../runtime/index.ts'

/** Where the address of a caller is written: in a header of one address, or at a place of a list, from the right. */
export interface AddressSource {
  header: string
  /** How many trusted proxies append to the header. Undefined if it holds one address. */
  hops: number | undefined
}

/**
 * The address that a request came from, as written in the header that TENANTRY_ADDRESS_FROM names. SQL reads it, and
 * takes it for unknown if it is no address. Undefined if the header is missing or its list is too short.
 */
export function clientAddress(
  header: (name: string) => string | undefined,
  from: AddressSource = configured,
): string | undefined {
  const value = header(from.header)
  if (value !== undefined) warnOnce()
  if (value === undefined || from.hops === undefined) return value
  // Proxies append, so only what stands at the right end was written by one of ours.
  return value.split(',').at(-from.hops)?.trim()
}

/**
 * Reads "cf-connecting-ip" or "x-forwarded-for/1". Without a setting it is cf-connecting-ip: Cloudflare, which stands in
 * front of every hosted project, replaces what a caller sends in it, and keeps what a caller sends in x-forwarded-for.
 * Throws if the setting cannot be read, because another header than the meant one could be a caller's own.
 */
export function readAddressSource(setting: string | undefined): AddressSource {
  const text = setting?.trim().toLowerCase() || 'cf-connecting-ip'
  const [, header, hops] = /^([a-z][a-z0-9-]{0,60})(?:\/([1-9]))?$/.exec(text) ?? []
  if (!header || (header === 'x-forwarded-for' && !hops))
    throw new Error(
      `TENANTRY_ADDRESS_FROM cannot be read: "${text}". It names a header that your proxy replaces, such as cf-connecting-ip, or a list and the number of your proxies that append to it, such as x-forwarded-for/1.`,
    )
  return { header, hops: hops === undefined ? undefined : Number(hops) }
}

const configured = readAddressSource(process.env.TENANTRY_ADDRESS_FROM)

/**
 * What an operator must know whose functions run elsewhere than in a hosted project, and who has not said which header counts:
 * no Cloudflare need stand there, and then callers write cf-connecting-ip themselves. Hosted functions have
 * these variables: supabase.com/docs/guides/functions/secrets
 */
export function warningOfSource(environment: Record<string, string | undefined>): string | undefined {
  const { TENANTRY_ADDRESS_FROM, SB_REGION, SB_EXECUTION_ID, DENO_DEPLOYMENT_ID } = environment
  if (TENANTRY_ADDRESS_FROM || SB_REGION || SB_EXECUTION_ID || DENO_DEPLOYMENT_ID) return undefined
  return 'Requests arrive with cf-connecting-ip, and this is no hosted project. Unless Cloudflare stands in front, callers choose it, and with it the address that limits and the audit log go by. Set TENANTRY_ADDRESS_FROM: docs/sign-in.md#the-address-of-a-caller'
}

let warning = warningOfSource(process.env)

/** With the first request that has the header: until then nobody could have forged one. */
function warnOnce(): void {
  if (warning === undefined) return
  log('warn', { msg: warning })
  warning = undefined
}
