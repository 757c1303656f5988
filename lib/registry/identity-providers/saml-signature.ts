import { type Certificate, readCertificate } from './certificate.ts'
import { IdpFault } from './fault.ts'
import { outlineSignature, type SignatureOutline } from './saml-outline.ts'
import { type Pinned, parsePinned } from './signing-certificate.ts'
import { digests, methods, signedBytes } from './xml-signature.ts'

/** Who signed metadata, as far as it is known. */
export interface MetadataSignature {
  /** SHA-256 of the certificate, hexadecimal. */
  fingerprint: string
  algorithm: string
  /** Whether the manager pinned this certificate. If not, the signature only shows that nothing was damaged on the way. */
  is_pinned: boolean
}

interface Verified {
  /** The signed bytes; the whole text if it is not signed. */
  xml: string
  signature: MetadataSignature | null
}

/**
 * Verifies the signature on the root of SAML metadata, where there is one. Where a certificate is pinned there must
 * be one, by that certificate. Throws IdpFault. With a pinned certificate, the fault is as if the provider
 * had not answered, because nothing shows that the provider wrote the text.
 */
export async function verifyMetadata(text: string, pinnedText?: string): Promise<Verified> {
  if (pinnedText === undefined) return verify(text, undefined)
  const pinned = parsePinned(pinnedText)
  // Over REST anything can be stored. What cannot be read must not count as nothing pinned.
  if (!pinned) throw new IdpFault('The pinned certificate cannot be read. Pin it anew.')
  try {
    return await verify(text, pinned)
  } catch (thrown) {
    if (!(thrown instanceof IdpFault)) throw thrown
    throw new IdpFault(thrown.message, { isPassing: true, cause: thrown })
  }
}

async function verify(text: string, pinned: Pinned | undefined): Promise<Verified> {
  // Both parsers get the same text, so that they cannot disagree about its first character.
  const xml = text.replace(/^\ufeff/, '')
  const outline = outlineSignature(xml)
  if (!outline && pinned)
    throw new IdpFault(
      'The metadata is not signed, and a certificate is pinned that must sign it. Ask the provider for signed metadata, or remove the pinned certificate.',
    )
  if (!outline) return { xml, signature: null }
  const method = methods[outline.algorithm]
  if (!method || !(outline.digest in digests))
    throw new IdpFault(
      `The signature on the metadata uses ${nameOf(method ? outline.digest : outline.algorithm)}, which is not accepted. Ask the provider for RSA-SHA256 or ECDSA-SHA256, with SHA-256.`,
    )
  const named = await Promise.all(outline.certificates.map(readCertificate))
  const candidates = await candidatesOf(named, outline, pinned)
  for (const { key, keyKind, fingerprint, weakness } of candidates) {
    const signed = weakness === undefined && keyKind === method.kind ? signedBytes(xml, key) : undefined
    if (signed === undefined) continue
    const signature = { fingerprint, algorithm: method.name, is_pinned: pinned !== undefined }
    return { xml: signed, signature }
  }
  const weak = candidates.find(({ weakness }) => weakness !== undefined)
  if (weak) throw new IdpFault(`The signature on the metadata cannot be relied on. ${weak.weakness}`)
  if (
    pinned &&
    named.length > 0 &&
    !named.some(({ fingerprint }) => fingerprint === candidates[0]?.fingerprint)
  )
    throw signedByAnother(named)
  throw new IdpFault(
    'The signature on the metadata does not fit: the metadata was changed after it was signed, or another key signed it. Fetch it anew from the provider.',
  )
}

/** The certificates that may have signed. A pinned one is the only one. */
async function candidatesOf(
  named: Certificate[],
  { certificates }: SignatureOutline,
  pinned: Pinned | undefined,
): Promise<Certificate[]> {
  if (pinned && 'certificate' in pinned) return [await readCertificate(pinned.certificate)]
  if (certificates.length === 0)
    throw new IdpFault(
      'The signature on the metadata comes without its certificate. Pin the whole certificate, and not only its fingerprint.',
    )
  if (!pinned) return named
  const fitting = named.filter(({ fingerprint }) => fingerprint === pinned.fingerprint)
  if (fitting.length === 0) throw signedByAnother(named)
  return fitting
}

function signedByAnother(named: Certificate[]): IdpFault {
  return new IdpFault(
    `The metadata is signed by another certificate than the pinned one: its SHA-256 is ${named[0]?.fingerprint}. If the provider confirms that this one is new, pin it.`,
  )
}

/** What a document of somebody else calls an algorithm. */
const nameOf = (uri: string) => uri.replace(/[^\x21-\x7e]/g, '?').slice(0, 100) || 'no algorithm'
