import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { NetFault, parsePublicUrl, pinUrl, reachOf } from '../../lib/net/index.ts'

const nobody = { allowLoopback: false }
const development = { allowLoopback: true }
const codeOf = async (work: () => unknown): Promise<string> => {
  try {
    await work()
    return 'none'
  } catch (thrown) {
    if (thrown instanceof NetFault) return thrown.code
    throw thrown
  }
}

describe('an address', () => {
  it.each([
    ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '100.64.0.1', '100.127.255.255', '169.254.169.254'],
    ...['172.16.0.1', '172.31.255.255', '192.0.0.170', '192.0.2.1', '192.88.99.1', '192.168.0.1'],
    ...['198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.9', '224.0.0.1', '239.255.255.255'],
    ...['240.0.0.1', '255.255.255.255', '::', '::2', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe', '::10.0.0.1'],
    ...['64:ff9b::10.0.0.1', '64:ff9b::127.0.0.1', '64:ff9b:1::8.8.8.8', '100::1', '2001::1', '2001:20::1'],
    ...['2001:db8::1', '2002:7f00:1::', '2002:0808:0808::', '3fff::1', '5f00::1', 'fc00::1', 'fd00:ec2::254'],
    ...[
      '168.63.129.16',
      '::ffff:168.63.129.16',
      '64:ff9b::168.63.129.16',
      '161.26.255.255',
      '166.11.255.255',
    ],
    ...['fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '4000::1', '2606:4700::1111%eth0', 'localhost', ''],
  ])('%s is private', (address) => expect(reachOf(address)).toBe('private'))
  it.each(['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '0x7f.1', '2130706433', '0177.0.0.1'])(
    '%s is loopback',
    (address) => expect(reachOf(address)).toBe('loopback'),
  )
  it.each([
    ...['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '172.15.255.255'],
    ...['168.63.129.15', '168.63.129.17', '161.25.255.255', '161.27.0.0', '166.12.0.0', '199.36.153.12'],
    ...['172.32.0.0', '191.255.255.255', '198.17.255.255', '198.20.0.0', '223.255.255.255'],
    ...['2606:4700:4700::1111', '2a00:1450:4001::1', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8'],
  ])('%s is public', (address) => expect(reachOf(address)).toBe('public'))
})

describe('beside the networks that an operator has blocked', () => {
  beforeEach(() => {
    vi.stubEnv('TENANTRY_BLOCKED_NETWORKS', '93.184.215.0/24, 2606:4700::/32,127.0.0.2/32')
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })
  it.each([
    ['93.184.214.255', 'public'],
    ['93.184.215.0', 'private'],
    ['93.184.215.255', 'private'],
    ['93.184.216.0', 'public'],
    ['2606:46ff:ffff::1', 'public'],
    ['2606:4700:ffff::1', 'private'],
    ['2606:4701::1', 'public'],
    ['127.0.0.1', 'loopback'],
    ['127.0.0.2', 'private'],
  ])('%s is %s', (address, reach) => expect(reachOf(address)).toBe(reach))
})

describe('a URL', () => {
  it.each([
    'https://example.com/',
    'https://example.com:8443/a?b',
    'https://1.1.1.1/',
    'https://example.com:1024/',
  ])('%s may be asked', (text) => expect(parsePublicUrl(text, nobody).href).toBe(text))
  it.each([
    [['10.0.0.1'], 'address_refused'],
    [['93.184.215.14', '10.0.0.1'], 'address_refused'],
    [['10.0.0.1', '93.184.215.14'], 'address_refused'],
    [['93.184.215.14', '::1'], 'address_refused'],
    [['2606:4700::1111', 'fe80::1%2'], 'address_refused'],
    [['::ffff:169.254.169.254'], 'address_refused'],
    [['93.184.215.14', 'nonsense'], 'address_refused'],
    [[], 'unknown_host'],
    [['93.184.215.14', '2606:4700::1111'], 'none'],
  ])('whose name has the addresses %j: %s', async (addresses, code) => {
    const pin = () => pinUrl('https://idp.example/', { policy: nobody, resolve: async () => addresses })
    expect(await codeOf(pin)).toBe(code)
  })
  it('whose name cannot be resolved is refused as such', async () => {
    const resolve = () => Promise.reject(new Error('ENOTFOUND'))
    expect(await codeOf(() => pinUrl('https://idp.example/', { policy: nobody, resolve }))).toBe(
      'unknown_host',
    )
  })
})

describe('in development', () => {
  it.each([
    ['http://127.0.0.1:4000/', 'none'],
    ['http://[::1]:4000/', 'none'],
    ['https://127.0.0.1/', 'none'],
    // Plain http to anywhere else stays closed, and so does every other inner network.
    ['http://1.1.1.1/', 'url_refused'],
    ['https://10.0.0.1/', 'address_refused'],
    ['https://169.254.169.254/', 'address_refused'],
    ['http://127.0.0.1:22/', 'url_refused'],
  ])('%s: %s', async (text, code) => {
    expect(await codeOf(() => pinUrl(text, { policy: development }))).toBe(code)
  })
  it('http to a name that also leads elsewhere is refused', async () => {
    const resolve = async () => ['127.0.0.1', '1.1.1.1']
    expect(await codeOf(() => pinUrl('http://idp.example/', { policy: development, resolve }))).toBe(
      'url_refused',
    )
  })
})
