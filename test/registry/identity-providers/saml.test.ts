import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { IdpFault } from '../../../lib/registry/identity-providers/fault.ts'
import { checkSaml } from '../../../lib/registry/identity-providers/saml.ts'
import { daysFromNow, type MadeCertificate, makeCertificate } from '../../kit/servers/certificates.ts'
import { samlMetadata } from '../../kit/servers/saml-metadata.ts'

let good: MadeCertificate
let expired: MadeCertificate
let early: MadeCertificate
let soon: MadeCertificate
let weak: MadeCertificate
beforeAll(async () => {
  ;[good, expired, early, soon, weak] = await Promise.all([
    makeCertificate({ rsaBits: 2048 }),
    makeCertificate({ notBefore: daysFromNow(-30), notAfter: daysFromNow(-1) }),
    makeCertificate({ notBefore: daysFromNow(2), notAfter: daysFromNow(30) }),
    makeCertificate({ notAfter: daysFromNow(10) }),
    makeCertificate({ rsaBits: 1024 }),
  ])
})

const verdictOn = async (xml: string, more: { entity_id?: string } = {}): Promise<string> => {
  try {
    return `passed: ${JSON.stringify(await checkSaml({ metadata_xml: xml, ...more }))}`
  } catch (thrown) {
    if (thrown instanceof IdpFault) return thrown.message
    throw thrown
  }
}

describe('metadata', () => {
  it('passes with what it says', async () => {
    const { findings, keysExpireAt } = await checkSaml({ metadata_xml: samlMetadata([good.base64]) })
    expect(findings).toEqual({
      entity_id: 'https://idp.example/saml',
      single_sign_on: [
        {
          binding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect',
          location: 'https://idp.example/sso',
        },
      ],
      certificates: [
        {
          fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
          not_before: expect.any(String),
          not_after: keysExpireAt.toISOString(),
        },
      ],
      signature: null,
      warnings: [],
    })
    expect(Math.round((keysExpireAt.getTime() - Date.now()) / 86_400_000)).toBe(365)
  })
  it.each<[string, () => string]>([
    ['a key for both uses', () => samlMetadata([good.base64], { keyUse: '' })],
    ['an elliptic curve', () => samlMetadata([soon.base64])],
    ['a byte order mark', () => `\ufeff${samlMetadata([good.base64])}`],
    ['comments and CDATA', () => samlMetadata([`<!-- x --><![CDATA[${good.base64}]]>`])],
    [
      'an end to come',
      () => samlMetadata([good.base64], { attributes: 'validUntil="2999-01-01T00:00:00Z"' }),
    ],
    [
      'other prefixes',
      () => samlMetadata([good.base64]).replaceAll('md:', 'x:').replace('xmlns:md', 'xmlns:x'),
    ],
  ])('passes with %s', async (_name, xml) => {
    expect(await verdictOn(xml())).toMatch(/^passed/)
  })
  it('with an old and a new certificate passes by the new one, and warns', async () => {
    const { findings, keysExpireAt } = await checkSaml({
      metadata_xml: samlMetadata([expired.base64, soon.base64, early.base64]),
    })
    expect(findings.certificates).toHaveLength(1)
    expect(findings.warnings).toEqual([
      expect.stringMatching(/^A certificate expired on \d{4}-/),
      expect.stringMatching(/^A certificate is not valid before/),
    ])
    expect(Math.round((keysExpireAt.getTime() - Date.now()) / 86_400_000)).toBe(10)
  })

  it.each<[string, () => string, RegExp]>([
    ['expired', () => samlMetadata([expired.base64]), /No signing certificate.*expired on/],
    ['not yet valid', () => samlMetadata([early.base64]), /not valid before/],
    ['weak', () => samlMetadata([weak.base64]), /1024 bits; RSA needs 2048/],
    [
      'for encryption alone',
      () => samlMetadata([good.base64], { keyUse: 'use="encryption"' }),
      /names no signing certificate/,
    ],
    ['missing', () => samlMetadata([]), /names no signing certificate/],
    ['not base64', () => samlMetadata(['%%%%']), /cannot be read/],
    ['not a certificate', () => samlMetadata(['aGVsbG8=']), /cannot be read/],
    ['cut short', () => samlMetadata([good.base64.slice(0, 200)]), /cannot be read/],
    ['a megabyte', () => samlMetadata(['A'.repeat(100_000)]), /too long/],
  ])('whose certificate is %s is refused', async (_name, xml, message) => {
    expect(await verdictOn(xml())).toMatch(message)
  })

  const doctype = (declaration: string, reference: string) =>
    samlMetadata([reference]).replace('?>', `?>\n<!DOCTYPE md:EntityDescriptor [${declaration}]>`)
  it.each<[string, () => string, RegExp]>([
    ['without entityID', () => samlMetadata([good.base64], { entityId: '' }), /without entityID/],
    [
      'with sign-on over http',
      () => samlMetadata([good.base64], { location: 'http://idp.example/sso' }),
      /Only https/,
    ],
    [
      'with sign-on in the inner network',
      () => samlMetadata([good.base64], { location: 'https://10.0.0.1/' }),
      /not public/,
    ],
    [
      'with a script for sign-on',
      () => samlMetadata([good.base64], { location: 'javascript:alert(1)' }),
      /Only https/,
    ],
    [
      'with another binding alone',
      () => samlMetadata([good.base64], { binding: 'urn:oasis:names:tc:SAML:2.0:bindings:SOAP' }),
      /no sign-on URL/,
    ],
    [
      'of the past',
      () => samlMetadata([good.base64], { attributes: 'validUntil="2020-01-01T00:00:00Z"' }),
      /was valid until 2020/,
    ],
    [
      'with an end that is no date',
      () => samlMetadata([good.base64], { attributes: 'validUntil="soon"' }),
      /was valid until soon/,
    ],
    [
      'of SAML 1.1',
      () => samlMetadata([good.base64]).replace('SAML:2.0:protocol', 'SAML:1.1:protocol'),
      /does not speak SAML 2\.0/,
    ],
    [
      'of a service provider',
      () => samlMetadata([good.base64]).replaceAll('IDPSSODescriptor', 'SPSSODescriptor'),
      /no identity provider/,
    ],
    [
      'of another vocabulary',
      () => samlMetadata([good.base64]).replace('SAML:2.0:metadata', 'SAML:3.0:metadata'),
      /no identity provider/,
    ],
    ['that is a page', () => '<!doctype html><title>Sign in</title>', /document type/],
    ['that is JSON', () => '{}', /not well-formed/],
    ['that is empty', () => ' ', /not well-formed/],
    ['that ends early', () => samlMetadata([good.base64]).slice(0, -10), /not well-formed/],
    ['with an unbound prefix', () => samlMetadata([good.base64], { inside: '<zz:x/>' }), /not well-formed/],
    [
      'with an external entity',
      () => doctype('<!ENTITY x SYSTEM "file:///etc/passwd">', '&x;'),
      /document type/,
    ],
    [
      'with an external document type',
      () => samlMetadata([good.base64]).replace('?>', '?><!DOCTYPE a SYSTEM "http://169.254.169.254/">'),
      /document type/,
    ],
    [
      'with a billion laughs',
      () => doctype('<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">', '&b;'),
      /document type/,
    ],
    ['with an entity nobody declared', () => samlMetadata(['&x;']), /not well-formed/],
    [
      'nested a thousand deep',
      () => samlMetadata([good.base64], { inside: '<md:x>'.repeat(1_000) + '</md:x>'.repeat(1_000) }),
      /nested too deeply/,
    ],
    [
      'with too many elements',
      () => samlMetadata([good.base64], { inside: '<md:x/>'.repeat(20_001) }),
      /too many elements/,
    ],
  ])('%s is refused', async (_name, xml, message) => {
    expect(await verdictOn(xml())).toMatch(message)
  })

  it('of several providers is one when it is said which', async () => {
    const one = (entityId: string) => samlMetadata([good.base64], { entityId }).replace(/<\?.*\?>/, '')
    const xml = `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">${one('https://a.example')}${one('https://b.example')}</EntitiesDescriptor>`
    expect(await verdictOn(xml)).toMatch(/several providers/)
    expect(await verdictOn(xml, { entity_id: 'https://b.example' })).toMatch(/^passed.*https:\/\/b\.example/)
    expect(await verdictOn(xml, { entity_id: 'https://c.example' })).toMatch(/no provider of this entity_id/)
    const ended = xml.replace('<EntitiesDescriptor', '<EntitiesDescriptor validUntil="2020-01-01T00:00:00Z"')
    expect(await verdictOn(ended, { entity_id: 'https://b.example' })).toMatch(/was valid until/)
  })

  it('is read from its URL, within limits', async () => {
    let body = samlMetadata([good.base64])
    const server = createServer((_request, response) => response.end(body)).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const metadata_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metadata`
    const reach = { policy: { allowLoopback: true } }
    expect((await checkSaml({ metadata_url }, reach)).findings.entity_id).toBe('https://idp.example/saml')
    body = body.padEnd(300_000)
    await expect(checkSaml({ metadata_url }, reach)).rejects.toThrow('The metadata: The answer is longer')
    await expect(checkSaml({ metadata_url }, { policy: { allowLoopback: false } })).rejects.toThrow(
      'Only https',
    )
    server.close()
  })
})
