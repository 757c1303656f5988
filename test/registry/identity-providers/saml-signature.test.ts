import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { daysFromNow, type MadeCertificate, makeCertificate } from '../../kit/servers/certificates.ts'
import { samlMetadata } from '../../kit/servers/saml-metadata.ts'
import { signXml } from '../../kit/servers/signed-metadata.ts'
import { findings, innerOf, signatureOf, verdictOn } from './signed/verdict.ts'

const more = 'http://www.w3.org/2001/04/xmldsig-more#'
let rsa: MadeCertificate
let other: MadeCertificate
let ec: MadeCertificate
let ended: MadeCertificate
let weak: MadeCertificate
/** Metadata with an ID on its root, and the same signed. */
let plain: string
let signed: string
beforeAll(async () => {
  ;[rsa, other, ec, ended, weak] = await Promise.all([
    makeCertificate({ rsaBits: 2048 }),
    makeCertificate({ rsaBits: 2048 }),
    makeCertificate(),
    makeCertificate({ rsaBits: 2048, notBefore: daysFromNow(-30), notAfter: daysFromNow(-1) }),
    makeCertificate({ rsaBits: 1024 }),
  ])
  plain = samlMetadata([rsa.base64], { attributes: 'ID="_1"' })
  signed = signXml(plain, rsa)
})

const fingerprintOf = ({ base64 }: MadeCertificate) =>
  createHash('sha256').update(Buffer.from(base64, 'base64')).digest('hex')
describe('signed metadata', () => {
  it('passes, and says that the key is not pinned', async () => {
    expect((await findings(signed)).signature).toEqual({
      fingerprint: fingerprintOf(rsa),
      algorithm: 'RSA-SHA256',
      is_pinned: false,
    })
    expect((await findings(plain)).signature).toBe(null)
  })
  it.each<[string, () => string]>([
    ['as PEM', () => rsa.pem],
    ['as base64', () => rsa.base64],
    ['by its fingerprint', () => fingerprintOf(rsa)],
    [
      'by its fingerprint with colons',
      () =>
        fingerprintOf(rsa)
          .toUpperCase()
          .replace(/..(?!$)/g, '$&:'),
    ],
  ])('passes with its certificate pinned %s', async (_name, pinned) => {
    expect((await findings(signed, pinned())).signature).toMatchObject({ is_pinned: true })
  })
  it.each<[string, () => string, () => MadeCertificate]>([
    ['a byte order mark', () => `\ufeff${signed}`, () => rsa],
    ['no certificate beside the signature', () => signXml(plain, rsa, { named: [] }), () => rsa],
    ['a certificate whose dates have passed', () => signXml(plain, ended), () => ended],
    ['an empty reference', () => signXml(plain, rsa, { isEmptyUri: true }), () => rsa],
    ['SHA-512', () => signXml(plain, rsa, { algorithm: `${more}rsa-sha512` }), () => rsa],
    ['ECDSA and SHA-256', () => signXml(plain, ec, { algorithm: `${more}ecdsa-sha256` }), () => ec],
    ['ECDSA and SHA-512', () => signXml(plain, ec, { algorithm: `${more}ecdsa-sha512` }), () => ec],
    ['line breaks of Windows', () => signed.replaceAll('\n', '\r\n'), () => rsa],
  ])('passes with %s', async (_name, xml, by) => {
    expect(await verdictOn(xml(), by().pem)).toMatch(/^passed/)
  })
  it.each(['rsa-sha256', 'ecdsa-sha384'])('passes as another program signs it, by %s', async (name) => {
    const xml = readFileSync(new URL(`./signed/${name}.xml`, import.meta.url), 'utf8')
    expect(await verdictOn(xml)).toMatch(new RegExp(`^passed.*${name}`, 'i'))
    expect(await verdictOn(xml.replace('idp.example/sso', 'idp.example/ss0'))).toMatch(/does not fit/)
  })
  it('passes a hundred times with each kind of number that ECDSA makes', async () => {
    for (let n = 0; n < 100; n++)
      expect(await verdictOn(signXml(plain, ec, { algorithm: `${more}ecdsa-sha256` }), ec.pem)).toMatch(
        /^passed/,
      )
  })
  it('of several providers passes, and one in it counts', async () => {
    const all = `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_all">${innerOf(plain)}</md:EntitiesDescriptor>`
    expect(await verdictOn(signXml(all, rsa), rsa.pem)).toMatch(/^passed: https:\/\/idp\.example/)
    // The signature of one provider inside says nothing about what stands around it.
    const inner = all.replace(innerOf(plain), innerOf(signed))
    expect(await verdictOn(inner, rsa.pem)).toMatch(/not signed/)
    expect((await findings(inner)).signature).toBe(null)
  })
})

describe('with a pinned certificate, metadata is refused', () => {
  it.each<[string, () => string, RegExp]>([
    ['unsigned', () => plain, /not signed.*Ask the provider for signed metadata/],
    ['with the signature cut out', () => signed.replace(signatureOf(signed), ''), /not signed/],
    ['signed by another', () => signXml(plain, other), /another certificate than the pinned one.*pin it/],
    [
      'signed by another who names the pinned certificate',
      () => signXml(plain, other, { named: [rsa.base64] }),
      /does not fit/,
    ],
    [
      'signed by another who names both',
      () => signXml(plain, other, { named: [other.base64, rsa.base64] }),
      /does not fit/,
    ],
    ['altered', () => signed.replace('https://idp.example/sso', 'https://evil.example/sso'), /does not fit/],
    [
      'with an attribute more',
      () => signed.replace('entityID=', 'validUntil="2999-01-01T00:00:00Z" entityID='),
      /does not fit/,
    ],
    ['with a document type', () => signed.replace('?>', '?><!DOCTYPE x>'), /document type/],
    ['replaced by a page', () => '<html><body>Back soon</body></html>', /not signed/],
    ['cut short', () => signed.slice(0, -20), /not well-formed/],
  ])('%s', async (_name, xml, message) => {
    for (const pinned of [rsa.pem, fingerprintOf(rsa)])
      expect(await verdictOn(xml(), pinned)).toMatch(message)
  })
  it('by its fingerprint, when the certificate does not stand beside the signature', async () => {
    expect(await verdictOn(signXml(plain, rsa, { named: [] }), fingerprintOf(rsa))).toMatch(
      /Pin the whole certificate/,
    )
  })
  it('whatever it is, when what is pinned cannot be read', async () => {
    for (const unreadable of ['', 'x', rsa.pem.slice(0, 200), `${rsa.pem}${other.pem}`])
      await expect(findings(signed, unreadable)).rejects.toThrow('The pinned certificate cannot be read')
  })
  it('signed by a weak key', async () => {
    expect(await verdictOn(signXml(plain, weak), weak.pem)).toMatch(/1024 bits/)
  })
})
