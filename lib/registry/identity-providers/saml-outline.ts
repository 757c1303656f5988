import type { SaxesTagNS } from 'saxes'
import { IdpFault } from './fault.ts'
import { metadataSpace, signatureSpace, walkXml, type XmlReader } from './saml-xml.ts'

const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const enveloped = `${signatureSpace}enveloped-signature`
const maxCertificates = 5
/** In characters. */
const maxPrefixes = 200
const maxCertificateLength = 20_000

/** What the signature on the root of a document says of itself. None of it is verified. */
export interface SignatureOutline {
  algorithm: string
  digest: string
  /** The certificates beside it, as written in base64. */
  certificates: string[]
}

/**
 * Looks at the signature on the root before anything is verified, and accepts only one form: one signature in the
 * whole document, one reference, to the root, with the transforms of SAML 2.0 (core, 5.4). Undefined if the
 * root is not signed. Throws IdpFault for any other form.
 */
export function outlineSignature(xml: string): SignatureOutline | undefined {
  const reader = new OutlineReader()
  walkXml(xml, reader)
  return reader.outline()
}

interface Element {
  name: string
  attributes: SaxesTagNS['attributes']
  children: Element[]
}

class OutlineReader implements XmlReader {
  private root: SaxesTagNS | undefined
  private depth = 0
  private signatures = 0
  private hasRepeatedId = false
  private readonly ids = new Set<string>()
  /** The signature that is a child of the root, and inside of it the way to where the reader is. */
  private signature: Element | undefined
  private readonly path: Element[] = []
  private certificate: string | undefined
  private readonly certificates: string[] = []

  open(tag: SaxesTagNS): void {
    this.depth += 1
    this.root ??= tag
    for (const { local, prefix, value } of Object.values(tag.attributes)) {
      // Programs differ in what they take for an identifier, so all of these count.
      if (prefix === 'xmlns' || local.toLowerCase() !== 'id') continue
      this.hasRepeatedId ||= this.ids.has(value)
      this.ids.add(value)
    }
    const name = tag.uri === signatureSpace ? tag.local : `${tag.uri} ${tag.local}`
    if (name === 'Signature') this.signatures += 1
    const element: Element = { name, attributes: tag.attributes, children: [] }
    if (name === 'Signature' && this.depth === 2) this.signature = element
    else if (this.path.length === 0) return
    this.path.at(-1)?.children.push(element)
    this.path.push(element)
    if (this.path.map((each) => each.name).join('/') === 'Signature/KeyInfo/X509Data/X509Certificate')
      this.certificate = ''
  }

  text(text: string): void {
    if (this.certificate === undefined) return
    this.certificate += text
    if (this.certificate.length > maxCertificateLength)
      throw new IdpFault('A certificate in the metadata is too long.')
  }

  close(): void {
    this.depth -= 1
    this.path.pop()
    if (this.certificate === undefined) return
    this.certificates.push(this.certificate)
    this.certificate = undefined
  }

  outline(): SignatureOutline | undefined {
    const { root, signature } = this
    if (!root || !signature) return undefined
    if (this.signatures > 1)
      throw new IdpFault('The metadata has several signatures. Only one is accepted, on its root.')
    if (this.hasRepeatedId)
      throw new IdpFault('The metadata has the same ID twice, so what is signed is not clear.')
    if (root.uri !== metadataSpace || !['EntityDescriptor', 'EntitiesDescriptor'].includes(root.local))
      throw new IdpFault('What is signed is not SAML metadata.')
    if (this.certificates.length > maxCertificates)
      throw new IdpFault('The signature on the metadata has too many certificates.')
    const [signedInfo] = childrenOf(signature, 'SignedInfo', 'SignatureValue', 'KeyInfo?')
    const [canonical, method, reference] = childrenOf(
      signedInfo,
      'CanonicalizationMethod',
      'SignatureMethod',
      'Reference',
    )
    const [transforms, digest] = childrenOf(reference, 'Transforms', 'DigestMethod', 'DigestValue')
    const [first, second] = childrenOf(transforms, 'Transform', 'Transform')
    for (const each of [canonical, second]) refuseLongPrefixes(each)
    refuseOtherTarget(reference?.attributes.URI?.value, root.attributes.ID?.value)
    if (
      algorithmOf(canonical) !== exclusive ||
      algorithmOf(first) !== enveloped ||
      algorithmOf(second) !== exclusive
    )
      throw new IdpFault(
        'The signature on the metadata is made in another way than SAML says: enveloped, and with exclusive canonicalization without comments.',
      )
    return { algorithm: algorithmOf(method), digest: algorithmOf(digest), certificates: this.certificates }
  }
}

/** The children, which must have these names in this order. `?` marks the last as optional. */
function childrenOf(element: Element | undefined, ...names: string[]): Element[] {
  const found = element?.children ?? []
  const fits = names.every(
    (name, n) => found[n]?.name === name.replace('?', '') || (name.endsWith('?') && !found[n]),
  )
  if (!fits || found.length > names.length) throw unaccepted()
  return found
}

/** Each prefix is looked for at each element. */
function refuseLongPrefixes(element: Element | undefined): void {
  const [inclusive, another] = element?.children ?? []
  const isLong = (inclusive?.attributes.PrefixList?.value.length ?? 0) > maxPrefixes
  if (another || isLong || (inclusive && inclusive.name !== `${exclusive} InclusiveNamespaces`))
    throw unaccepted()
}

function refuseOtherTarget(uri: string | undefined, rootId: string | undefined): void {
  if (uri === '' || (uri !== undefined && rootId && /^[\w.-]{1,200}$/.test(rootId) && uri === `#${rootId}`))
    return
  throw new IdpFault(
    uri?.startsWith('#')
      ? 'The signature on the metadata covers only a part of it. It must cover the root.'
      : 'The signature on the metadata refers to something outside of it.',
  )
}

const unaccepted = () =>
  new IdpFault('The signature on the metadata has missing parts, or parts that are not accepted.')

const algorithmOf = (element: Element | undefined) => element?.attributes.Algorithm?.value ?? ''
