import { type Certificate, readCertificate } from './certificate.ts'
import { ask, IdpFault, type Reach, textOf } from './fault.ts'
import { requirePublic } from './oidc.ts'
import { readSamlMetadata, type SamlEntity } from './saml-metadata.ts'
import { type MetadataSignature, verifyMetadata } from './saml-signature.ts'

const bindings = [
  'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect',
  'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
]

export interface SamlFindings {
  entity_id: string
  single_sign_on: { binding: string; location: string }[]
  certificates: { fingerprint: string; not_before: string; not_after: string }[]
  /** Null without one. */
  signature: MetadataSignature | null
  warnings: string[]
}

export interface SamlSource {
  metadata_url?: string | undefined
  metadata_xml?: string | undefined
  entity_id?: string | undefined
  metadata_signing_certificate?: string | undefined
}

/**
 * Checks a SAML provider by its metadata: one entity, sign-on URLs that are public https, and a certificate
 * that is valid today. The metadata is trusted because it is signed by the pinned certificate. Where none is pinned,
 * it is trusted because a manager pasted it, or because of TLS to the URL that they gave. Throws IdpFault.
 */
export async function checkSaml(
  source: SamlSource,
  reach: Reach = {},
  now = new Date(),
): Promise<{ findings: SamlFindings; keysExpireAt: Date }> {
  const what = 'The metadata'
  const text =
    source.metadata_url === undefined
      ? (source.metadata_xml ?? '')
      : textOf(what, await ask(what, source.metadata_url, reach))
  // Nothing of the text is read that a signature does not cover.
  const { xml, signature } = await verifyMetadata(text, source.metadata_signing_certificate)
  const entity = chooseEntity(readSamlMetadata(xml), source.entity_id)
  if (entity.validUntil !== undefined && !(new Date(entity.validUntil) > now))
    throw new IdpFault(`${what} was valid until ${entity.validUntil.slice(0, 40)}.`)
  for (const { location } of entity.singleSignOn) requirePublic('A sign-on URL', location, reach)
  const singleSignOn = entity.singleSignOn.filter(({ binding }) => bindings.includes(binding))
  if (singleSignOn.length === 0)
    throw new IdpFault('The provider names no sign-on URL for HTTP-Redirect or HTTP-POST.')
  if (entity.certificates.length === 0) throw new IdpFault('The provider names no signing certificate.')
  const certificates = await Promise.all(entity.certificates.slice(0, 10).map(readCertificate))
  const faults = certificates.flatMap((certificate) => faultOf(certificate, now) ?? [])
  const usable = certificates.filter((certificate) => faultOf(certificate, now) === undefined)
  if (usable.length === 0)
    throw new IdpFault(`No signing certificate of the provider can be used. ${faults.join(' ')}`)
  return {
    findings: {
      entity_id: entity.entityId,
      single_sign_on: singleSignOn,
      certificates: usable.map(({ fingerprint, notBefore, notAfter }) => ({
        fingerprint,
        not_before: notBefore.toISOString(),
        not_after: notAfter.toISOString(),
      })),
      signature,
      warnings: faults,
    },
    keysExpireAt: new Date(Math.max(...usable.map(({ notAfter }) => notAfter.getTime()))),
  }
}

function chooseEntity(entities: SamlEntity[], wanted: string | undefined): SamlEntity {
  const fitting = entities.filter(({ entityId }) => wanted === undefined || entityId === wanted)
  const [entity, another] = fitting
  if (!entity && wanted !== undefined)
    throw new IdpFault('The metadata describes no provider of this entity_id.')
  if (!entity) throw new IdpFault('The metadata describes no identity provider.')
  if (another)
    throw new IdpFault('The metadata describes several providers. Say by entity_id which is meant.')
  return entity
}

function faultOf({ notBefore, notAfter, weakness }: Certificate, now: Date): string | undefined {
  if (notAfter <= now) return `A certificate expired on ${day(notAfter)}.`
  if (notBefore > now) return `A certificate is not valid before ${day(notBefore)}.`
  return weakness
}

const day = (moment: Date): string => moment.toISOString().slice(0, 10)
