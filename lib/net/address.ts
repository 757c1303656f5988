import process from 'node:process'
import ipaddr from 'ipaddr.js'

/** Blocks of IPv4 that do not lead to a server of the public internet. */
const closed4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  // Public by number, and yet a cloud's own inside: Azure's host, IBM Cloud's services (twice), Google's private and
  // restricted entrance to its APIs, Equinix Metal's metadata.
  ...['168.63.129.16/32', '161.26.0.0/16', '166.8.0.0/14', '199.36.153.4/30', '199.36.153.8/30'],
  '192.80.8.124/32',
].map((block) => ipaddr.IPv4.parseCIDR(block))

/** The public IPv6 addresses that are assigned so far. All others are refused, whatever they become. */
const open6 = ipaddr.IPv6.parseCIDR('2000::/3')
const closed6 = [
  // Teredo and other protocols, documentation (twice), and 6to4, which leads to the IPv4 address inside it.
  ...['2001::/23', '2001:db8::/32', '3fff::/20', '2002::/16'],
].map((block) => ipaddr.IPv6.parseCIDR(block))
/** NAT64: how a network without IPv4 writes a public IPv4 address. */
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')

export type Reach = 'public' | 'loopback' | 'private'

/**
 * Where an address leads. Its value decides and not its spelling, so decimal, octal, hexadecimal and short forms and
 * IPv4 inside IPv6 are all recognised. Anything unknown is "private".
 */
export function reachOf(address: string): Reach {
  // A zone (fe80::1%eth0) names an interface of this machine.
  if (!ipaddr.isValid(address) || address.includes('%')) return 'private'
  return reach(ipaddr.parse(address))
}

/** Whether a host is an address rather than a name. */
export function isAddress(host: string): boolean {
  return ipaddr.isValid(host)
}

type Network = [first: ipaddr.IPv4 | ipaddr.IPv6, bits: number]
let blocked: { text: string; networks: Network[] } = { text: '', networks: [] }

/**
 * TENANTRY_BLOCKED_NETWORKS: what an operator refuses in addition, as IPv4 and IPv6 networks with commas between.
 * Throws if one of them cannot be read, because ignoring it would open what it was to close.
 */
export function blockedNetworks(): readonly Network[] {
  const text = process.env.TENANTRY_BLOCKED_NETWORKS ?? ''
  if (text !== blocked.text) blocked = { text, networks: parseNetworks(text) }
  return blocked.networks
}

function parseNetworks(text: string): Network[] {
  const entries = text.split(',').map((entry) => entry.trim())
  return entries.filter((entry) => entry !== '').map(parseNetwork)
}

function parseNetwork(entry: string): Network {
  const isOne =
    ipaddr.IPv4.isValidCIDRFourPartDecimal(entry) || (ipaddr.IPv6.isValidCIDR(entry) && !entry.includes('%'))
  const network = isOne ? ipaddr.parseCIDR(entry) : undefined
  // A mapped IPv4 address is judged as IPv4, so a network of them would match nothing.
  const isMapped = network && network[0] instanceof ipaddr.IPv6 && network[0].isIPv4MappedAddress()
  if (network && !isMapped && isFirst(entry, network)) return network
  throw new Error(
    `TENANTRY_BLOCKED_NETWORKS holds "${entry}", which is not a network such as 203.0.113.0/24 or 2001:db8::/32.`,
  )
}

/** Whether the address is its network's first. Otherwise one of the two numbers is probably a mistake. */
function isFirst(entry: string, [address]: [ipaddr.IPv4 | ipaddr.IPv6, number]): boolean {
  const family = address instanceof ipaddr.IPv4 ? ipaddr.IPv4 : ipaddr.IPv6
  return family.networkAddressFromCIDR(entry).toString() === address.toString()
}

function isBlocked(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return blockedNetworks().some(
    ([first, bits]) => first.kind() === address.kind() && address.match(first, bits),
  )
}

function reach(address: ipaddr.IPv4 | ipaddr.IPv6): Reach {
  if (isBlocked(address)) return 'private'
  if (address instanceof ipaddr.IPv4) {
    if (address.range() === 'loopback') return 'loopback'
    return closed4.some(([block, bits]) => address.match(block, bits)) ? 'private' : 'public'
  }
  if (address.isIPv4MappedAddress()) return reach(address.toIPv4Address())
  // Never "loopback", because the translator's loopback is not this machine's.
  if (address.match(...nat64)) return reach(lastFourBytes(address)) === 'public' ? 'public' : 'private'
  if (address.range() === 'loopback') return 'loopback'
  const isOpen = address.match(...open6) && !closed6.some((block) => address.match(...block))
  return isOpen ? 'public' : 'private'
}

function lastFourBytes(address: ipaddr.IPv6): ipaddr.IPv4 {
  return new ipaddr.IPv4(address.toByteArray().slice(12))
}

// Read once at the start, so that a mistake is noticed before the first request.
blockedNetworks()
