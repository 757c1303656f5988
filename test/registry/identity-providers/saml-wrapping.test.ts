import { beforeAll, describe, expect, it } from 'vitest'
import { type MadeCertificate, makeCertificate } from '../../kit/servers/certificates.ts'
import { samlMetadata } from '../../kit/servers/saml-metadata.ts'
import { enveloped, exclusive, signXml } from '../../kit/servers/signed-metadata.ts'
import { findings, innerOf, signatureOf, verdictOn } from './signed/verdict.ts'

const more = 'http://www.w3.org/2001/04/xmldsig-more#'
const dsig = 'http://www.w3.org/2000/09/xmldsig#'
let rsa: MadeCertificate
/** Metadata with an ID on its root, and the same signed. */
let plain: string
let signed: string
beforeAll(async () => {
  rsa = await makeCertificate({ rsaBits: 2048 })
  plain = samlMetadata([rsa.base64], { attributes: 'ID="_1"' })
  signed = signXml(plain, rsa)
})
const evil = () => plain.replace('https://idp.example/sso', 'https://evil.example/sso')

describe('what a signature does not cover is never read', () => {
  const wrapped = (inside: string, attributes = 'ID="_2"') =>
    evil().replace('ID="_1"', attributes).replace('<md:IDPSSODescriptor', `${inside}<md:IDPSSODescriptor`)
  const extensions = (inside: string) => `<md:Extensions>${inside}</md:Extensions>`
  it.each<[string, () => string, RegExp]>([
    ['the signed document inside of another', () => wrapped(extensions(innerOf(signed))), /not signed/],
    [
      'the signature moved to another root',
      () => wrapped(signatureOf(signed) + extensions(innerOf(plain))),
      /covers only a part/,
    ],
    [
      'the signature moved, and the ID twice',
      () => wrapped(signatureOf(signed) + extensions(innerOf(plain)), 'ID="_1"'),
      /same ID twice/,
    ],
    [
      'the ID twice, once in other letters',
      () => wrapped(signatureOf(signed) + extensions('<md:x Id="_1"/>'), 'ID="_1"'),
      /same ID twice/,
    ],
    [
      'the ID twice, once as xml:id',
      () => wrapped(signatureOf(signed) + extensions('<md:x xml:id="_1"/>'), 'ID="_1"'),
      /same ID twice/,
    ],
    [
      'the signed document in an Object of the signature',
      () =>
        wrapped(
          signatureOf(signed).replace('</Signature>', `<Object>${innerOf(plain)}</Object></Signature>`),
          'ID="_3"',
        ),
      /missing parts, or parts that are not accepted/,
    ],
    [
      'the signature copied to another document',
      () => wrapped(signatureOf(signed), 'ID="_1"'),
      /does not fit/,
    ],
    [
      'the signature deep inside, with its ID',
      () => wrapped(extensions(signatureOf(signed)), 'ID="_1"'),
      /not signed/,
    ],
    ['two signatures', () => signXml(signed, rsa, { named: [] }), /several signatures/],
    [
      'a signature in the signed document',
      () => signXml(plain.replace('<md:IDPSSO', `${extensions(signatureOf(signed))}<md:IDPSSO`), rsa),
      /several signatures/,
    ],
    [
      'a signature of a child',
      () =>
        signXml(plain.replace('<md:IDPSSODescriptor', '<md:IDPSSODescriptor ID="_c"'), rsa, {
          target: '/*/*',
        }),
      /covers only a part/,
    ],
    [
      'a signed assertion that carries metadata',
      () =>
        signXml(
          `<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="_9">${innerOf(plain.replace('ID="_1"', ''))}</a:Assertion>`,
          rsa,
        ),
      /not SAML metadata/,
    ],
  ])('%s', async (_name, xml, message) => {
    expect(await verdictOn(xml(), rsa.pem)).toMatch(message)
  })

  it.each<[string, (xml: string) => string, RegExp]>([
    [
      'an external reference',
      (xml) => xml.replace('URI="#_1"', 'URI="https://evil.example/m.xml"'),
      /outside/,
    ],
    ['a reference to a file', (xml) => xml.replace('URI="#_1"', 'URI="file:///etc/passwd"'), /outside/],
    ['an XPointer', (xml) => xml.replace('URI="#_1"', `URI="#xpointer(id('_1'))"`), /covers only a part/],
    ['no reference', (xml) => xml.replace(/<Reference.*<\/Reference>/s, ''), /missing parts/],
    ['no URI', (xml) => xml.replace(' URI="#_1"', ''), /outside/],
    [
      'two references',
      (xml) => xml.replace(/<Reference.*<\/Reference>/s, '$&$&'),
      /parts that are not accepted/,
    ],
    [
      'two values',
      (xml) => xml.replace(/<SignatureValue.*<\/SignatureValue>/s, '$&$&'),
      /parts that are not/,
    ],
    ['two digests', (xml) => xml.replace(/<DigestValue.*<\/DigestValue>/s, '$&$&'), /parts that are not/],
    [
      'two sets of what is signed',
      (xml) => xml.replace(/<SignedInfo.*<\/SignedInfo>/s, '$&$&'),
      /parts that/,
    ],
    [
      'its parts in another order',
      (xml) => xml.replace(/(<SignedInfo.*)(<KeyInfo>.*<\/KeyInfo>)/s, '$2$1'),
      /parts that/,
    ],
    [
      'a third transform',
      (xml) => xml.replace('<Transforms>', `<Transforms><Transform Algorithm="${enveloped}"/>`),
      /parts that/,
    ],
    [
      'a transform by stylesheet',
      (xml) =>
        xml.replace(
          `<Transform Algorithm="${exclusive}"`,
          '<Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"',
        ),
      /another way than SAML says/,
    ],
    ['a broken value', (xml) => xml.replace(/<SignatureValue>..../, '<SignatureValue>AAAA'), /does not fit/],
    ['a comment in its value', (xml) => xml.replace(/<SignatureValue>..../, '$&<!---->'), /does not fit/],
    [
      'a shortened method',
      (xml) => xml.replace('<SignatureMethod ', '<SignatureMethod x="').replace('x="Algorithm="', 'x="'),
      /no algorithm/,
    ],
  ])('a signature with %s', async (_name, change, message) => {
    expect(await verdictOn(change(signed), rsa.pem)).toMatch(message)
    expect(await verdictOn(change(signed))).toMatch(message)
  })

  it.each<[string, Parameters<typeof signXml>[2], RegExp]>([
    ['SHA-1', { algorithm: `${dsig}rsa-sha1` }, /rsa-sha1, which is not accepted.*RSA-SHA256/],
    ['a digest of SHA-1', { digest: `${dsig}sha1` }, /#sha1, which is not accepted/],
    ['PSS', { algorithm: 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1' }, /not accepted/],
    [
      'inclusive canonicalization',
      { canonicalization: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315' },
      /another way/,
    ],
    ['comments signed', { canonicalization: `${exclusive}WithComments` }, /another way/],
    [
      'an inclusive transform',
      { transforms: [enveloped, 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'] },
      /another way/,
    ],
    ['no transform for the signature', { transforms: [exclusive] }, /missing parts/],
  ])('a signature made with %s', async (_name, wish, message) => {
    expect(await verdictOn(signXml(plain, rsa, wish), rsa.pem)).toMatch(message)
  })
  it('a signature by a key that everybody knows', async () => {
    const hmac = signed.replace(`${more}rsa-sha256`, `${dsig}hmac-sha1`)
    expect(await verdictOn(hmac, rsa.pem)).toMatch(/hmac-sha1, which is not accepted/)
  })

  it('a comment inside of a value neither breaks the signature nor shortens the value', async () => {
    const split = signed.replace(
      rsa.base64.slice(0, 64),
      (start) => `${start.slice(0, 20)}<!-- x -->${start.slice(20)}`,
    )
    expect(split).not.toBe(signed)
    expect((await findings(split, rsa.pem)).certificates).toEqual(
      (await findings(signed, rsa.pem)).certificates,
    )
  })
  it('only the signed bytes are read: what stands inside of the signature is not', async () => {
    const inside = innerOf(evil()).replace('ID="_1"', '').replace('idp.example/saml', 'evil.example/saml')
    const stuffed = signed.replace('<KeyInfo>', `<KeyInfo>${inside}`)
    expect(await verdictOn(stuffed, rsa.pem)).toMatch(/^passed: https:\/\/idp\.example\/saml/)
    expect((await findings(stuffed, rsa.pem)).single_sign_on).toEqual((await findings(plain)).single_sign_on)
  })
  it('only the signed bytes are read: what stands beside the root is not', async () => {
    const beside = signed.replace(
      '<md:EntityDescriptor',
      '<?md entityID="https://evil.example"?><!-- x --><md:EntityDescriptor',
    )
    expect(await verdictOn(`${beside}<!-- y -->`, rsa.pem)).toMatch(/^passed: https:\/\/idp\.example/)
  })
  it('a damaged document is refused though nothing is pinned, and counts as the fault of the provider', async () => {
    expect(await verdictOn(signed.replace('/sso', '/ss0'))).toMatch(/does not fit.*Fetch it anew/)
    expect(await verdictOn(signXml(plain, rsa, { named: [] }))).toMatch(/Pin the whole certificate/)
  })
})

describe('a document made to be slow is answered soon', () => {
  const long = (n: number, each: (n: number) => string) =>
    Array.from({ length: n }, (_, k) => each(k)).join('')
  const grown = (inside: string) =>
    signed.replace('<md:SingleSignOnService', `${inside}<md:SingleSignOnService`)
  it.each<[string, () => string, RegExp]>([
    ['with as many elements as fit', () => grown(long(19_900, () => '<md:x/>')), /does not fit/],
    ['with too many', () => grown(long(20_001, () => '<md:x/>')), /too many elements/],
    [
      'with many namespaces, nested',
      () =>
        grown(
          long(36, (n) => `<a${n}:x xmlns:a${n}="u" ${long(90, (k) => `xmlns:b${n}_${k}="u" `)}>`) +
            long(1_500, () => '<md:y/>') +
            long(36, (n) => `</a${35 - n}:x>`),
        ),
      /does not fit/,
    ],
    ['with many attributes', () => grown(`<md:x ${long(101, (n) => `a${n}="" `)}/>`), /too many attributes/],
    ['with many IDs', () => grown(long(9_000, (n) => `<md:x ID="a${n}"/>`)), /does not fit/],
    [
      'with many certificates',
      () => signXml(plain, rsa, { named: Array(6).fill(rsa.base64) }),
      /too many certificates/,
    ],
    ['with comments', () => grown(long(501, () => '<!-- -->')), /too many comments/],
    ['with remarks to programs', () => grown(long(501, () => '<?x?>')), /too many comments/],
    ['with as many comments as fit', () => grown(long(499, () => '<!-- -->')), /^passed/],
    ['with sections of text', () => grown(long(18_000, () => '<![CDATA[]]>')), /./],
    [
      'with a long list of prefixes',
      () =>
        grown(long(10_000, () => '<md:y/>')).replace(
          `"${exclusive}"/></Transforms>`,
          `"${exclusive}"><e:InclusiveNamespaces xmlns:e="${exclusive}" PrefixList="${'a '.repeat(101)}"/></Transform></Transforms>`,
        ),
      /parts that are not accepted/,
    ],
    [
      'with a list of prefixes',
      () =>
        grown(long(10_000, () => '<md:y/>')).replace(
          `"${exclusive}"/></Transforms>`,
          `"${exclusive}"><e:InclusiveNamespaces xmlns:e="${exclusive}" PrefixList="${'a '.repeat(99)}"/></Transform></Transforms>`,
        ),
      /does not fit/,
    ],
    ['with long values', () => grown(`<md:x a="${'&#9;'.repeat(50_000)}"/>`), /does not fit/],
  ])('%s', async (_name, xml, message) => {
    const text = xml()
    const from = performance.now()
    expect(await verdictOn(text.slice(0, 400_000), rsa.pem)).toMatch(message)
    const ms = performance.now() - from
    // Alone none takes a second; a busy machine makes it late.
    expect(ms).toBeLessThan(10_000)
  })
})
