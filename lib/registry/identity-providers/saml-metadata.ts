import type { SaxesTagNS } from 'saxes'
import { IdpFault } from './fault.ts'
import { metadataSpace, signatureSpace, walkXml, type XmlReader } from './saml-xml.ts'

/** An identity provider, as SAML 2.0 metadata describes it. */
export interface SamlEntity {
  entityId: string
  /** The earliest end of validity, as written. */
  validUntil: string | undefined
  singleSignOn: { binding: string; location: string }[]
  /** The certificates, as written in base64, without those for encryption alone. */
  certificates: string[]
}

const protocol = 'urn:oasis:names:tc:SAML:2.0:protocol'
const maxCertificateLength = 20_000

/** Reads SAML metadata as a stream (walkXml). Throws IdpFault. */
export function readSamlMetadata(xml: string): SamlEntity[] {
  const reader = new MetadataReader()
  walkXml(xml, reader)
  return reader.entities
}

interface Level {
  name: string
  /** Of this element or one around it. */
  validUntil: string | undefined
  isForSigning: boolean
}

class MetadataReader implements XmlReader {
  readonly entities: SamlEntity[] = []
  private readonly path: Level[] = []
  private entity: SamlEntity | undefined
  private certificate: string | undefined

  open(tag: SaxesTagNS): void {
    const around = this.path.at(-1)
    const name = nameOf(tag)
    this.path.push({
      name,
      validUntil: earliest(around?.validUntil, attribute(tag, 'validUntil')),
      isForSigning:
        name === 'KeyDescriptor' ? attribute(tag, 'use') !== 'encryption' : (around?.isForSigning ?? false),
    })
    this.read(name, tag, around)
  }

  private read(name: string, tag: SaxesTagNS, around: Level | undefined): void {
    if (name === 'EntityDescriptor') {
      const entityId = attribute(tag, 'entityID')
      if (!entityId || entityId.length > 1_024)
        throw new IdpFault('The metadata has an entity without entityID.')
      this.entity = { entityId, validUntil: undefined, singleSignOn: [], certificates: [] }
    }
    const { entity } = this
    if (!entity) return
    if (name === 'IDPSSODescriptor') {
      if (!attribute(tag, 'protocolSupportEnumeration')?.split(/\s+/).includes(protocol))
        throw new IdpFault('The provider does not speak SAML 2.0.')
      entity.validUntil = this.path.at(-1)?.validUntil
      this.entities.push(entity)
    }
    // The descriptors of other roles, such as a service provider, use the same names.
    if (!this.path.some((level) => level.name === 'IDPSSODescriptor')) return
    if (name === 'SingleSignOnService' && around?.name === 'IDPSSODescriptor')
      entity.singleSignOn.push({
        binding: attribute(tag, 'Binding') ?? '',
        location: attribute(tag, 'Location') ?? '',
      })
    const isOfKey = this.path.some((level) => level.name === 'KeyDescriptor')
    if (name === 'X509Certificate' && isOfKey && around?.isForSigning) this.certificate = ''
  }

  text(text: string): void {
    if (this.certificate === undefined) return
    this.certificate += text
    if (this.certificate.length > maxCertificateLength)
      throw new IdpFault('A certificate in the metadata is too long.')
  }

  close(): void {
    const level = this.path.pop()
    if (level?.name === 'X509Certificate' && this.certificate !== undefined) {
      this.entity?.certificates.push(this.certificate)
      this.certificate = undefined
    }
    if (level?.name === 'EntityDescriptor') this.entity = undefined
  }
}

/** The local name of an element in a known namespace. Names of other namespaces mean nothing here. */
function nameOf(tag: SaxesTagNS): string {
  if (tag.uri === metadataSpace) return tag.local
  if (tag.uri === signatureSpace && tag.local === 'X509Certificate') return tag.local
  return ''
}

function attribute(tag: SaxesTagNS, name: string): string | undefined {
  return tag.attributes[name]?.value
}

/** An end that cannot be read counts as the earliest, so that it is refused and not ignored. */
function earliest(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Date.parse(a) <= Date.parse(b) || Number.isNaN(Date.parse(a)) ? a : b
}
