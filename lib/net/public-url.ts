import { lookup } from 'node:dns/promises'
import process from 'node:process'
import { isAddress, type Reach, reachOf } from './address.ts'
import { NetFault } from './net-fault.ts'

/** Every address of a host name. */
export type Resolve = (host: string) => Promise<string[]>

/** What may be reached in addition to the public internet. */
export interface UrlPolicy {
  /** For development and tests: loopback addresses too, and plain http to them. */
  allowLoopback: boolean
}

/** A URL that may be fetched, with its checked addresses. Connect to these and to no others. */
export interface PinnedUrl {
  url: URL
  addresses: string[]
  port: number
}

/** The policy of this process. TENANTRY_ALLOW_PRIVATE_URLS=loopback permits loopback; no setting permits more. */
export function urlPolicy(): UrlPolicy {
  return { allowLoopback: process.env.TENANTRY_ALLOW_PRIVATE_URLS === 'loopback' }
}

export const systemResolve: Resolve = async (host) => {
  const found = await lookup(host, { all: true })
  return found.map(({ address }) => address)
}

/**
 * Checks a URL without the network: it is https, has no credentials, and its port does not belong to another
 * protocol. Throws a NetFault.
 */
export function parsePublicUrl(text: string, policy: UrlPolicy = urlPolicy()): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || text.length > 2_048) throw new NetFault('url_refused', 'This is not a URL.')
  const host = bare(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && policy.allowLoopback && isLocal(host)))
    throw new NetFault('url_refused', 'Only https URLs are fetched.')
  if (url.username !== '' || url.password !== '')
    throw new NetFault('url_refused', 'A URL with a user name or password is not fetched.')
  const port = portOf(url)
  if (![80, 443].includes(port) && port < 1_024)
    throw new NetFault(
      'url_refused',
      `Port ${port} is another protocol's; only 80, 443 and 1024 up are used.`,
    )
  if (isAddress(host)) judge(url, [host], policy)
  return url
}

/** Resolves and checks a URL's host. The caller connects right afterwards. */
export async function pinUrl(
  text: string,
  { policy = urlPolicy(), resolve = systemResolve }: { policy?: UrlPolicy; resolve?: Resolve } = {},
): Promise<PinnedUrl> {
  return pinParsed(parsePublicUrl(text, policy), policy, resolve)
}

/**
 * Resolves a URL's host once and refuses it if *any* of its addresses is not public. Otherwise luck would decide about
 * a name with one good and one bad address. Connect to the addresses from here: a second lookup could get another
 * answer (DNS rebinding).
 */
export async function pinParsed(url: URL, policy: UrlPolicy, resolve: Resolve): Promise<PinnedUrl> {
  const host = bare(url.hostname)
  const addresses = isAddress(host) ? [host] : await ask(resolve, host)
  judge(url, addresses, policy)
  // IPv4 first: without a route for IPv6, each IPv6 attempt would take its full time.
  addresses.sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')))
  return { url, addresses, port: portOf(url) }
}

async function ask(resolve: Resolve, host: string): Promise<string[]> {
  let addresses: string[]
  try {
    addresses = await resolve(host)
  } catch (cause) {
    throw new NetFault('unknown_host', `The name ${host} cannot be resolved.`, cause)
  }
  if (addresses.length === 0) throw new NetFault('unknown_host', `The name ${host} has no address.`)
  return [...addresses]
}

function judge(url: URL, addresses: string[], policy: UrlPolicy): void {
  const open: Reach[] = policy.allowLoopback ? ['public', 'loopback'] : ['public']
  const reaches = addresses.map(reachOf)
  // The message does not name the address, so that it does not describe a private network.
  if (!reaches.every((reach) => open.includes(reach)))
    throw new NetFault('address_refused', `${url.hostname} leads to an address that is not public.`)
  if (url.protocol === 'http:' && !reaches.every((reach) => reach === 'loopback'))
    throw new NetFault('url_refused', 'Only https URLs are fetched.')
}

/** Before names are resolved, only these are known to stay on this machine. */
function isLocal(host: string): boolean {
  return /(^|\.)localhost$/.test(host) || reachOf(host) === 'loopback'
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port)
  return url.protocol === 'https:' ? 443 : 80
}

/** A host without the brackets that a URL puts around IPv6. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}
