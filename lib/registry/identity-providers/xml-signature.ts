import { Buffer } from 'node:buffer'
import { createHash, createVerify } from 'node:crypto'
import { DOMParser } from '@xmldom/xmldom'
import { type HashAlgorithm, type SignatureAlgorithm, SignedXml } from 'xml-crypto'
import { signatureSpace } from './saml-xml.ts'

const more = 'http://www.w3.org/2001/04/xmldsig-more#'
const encryption = 'http://www.w3.org/2001/04/xmlenc#'

interface Method {
  name: string
  kind: 'rsa' | 'ec'
  hash: string
}

/** The accepted algorithms of signatures. SHA-1 is not among them, and neither is a key that both sides know (HMAC). */
export const methods: Readonly<Record<string, Method>> = {
  [`${more}rsa-sha256`]: { name: 'RSA-SHA256', kind: 'rsa', hash: 'sha256' },
  [`${more}rsa-sha512`]: { name: 'RSA-SHA512', kind: 'rsa', hash: 'sha512' },
  [`${more}ecdsa-sha256`]: { name: 'ECDSA-SHA256', kind: 'ec', hash: 'sha256' },
  [`${more}ecdsa-sha384`]: { name: 'ECDSA-SHA384', kind: 'ec', hash: 'sha384' },
  [`${more}ecdsa-sha512`]: { name: 'ECDSA-SHA512', kind: 'ec', hash: 'sha512' },
}

/** The accepted algorithms of digests. */
export const digests: Readonly<Record<string, string>> = {
  [`${encryption}sha256`]: 'sha256',
  [`${more}sha384`]: 'sha384',
  [`${encryption}sha512`]: 'sha512',
}

/**
 * The bytes that the signature on the root covers, in canonical form: no comments, and without the signature.
 * Undefined if they were not signed by this key (PEM). The form of the signature has been looked at before
 * (outlineSignature). A key in the document is never used.
 */
export function signedBytes(xml: string, key: string): string | undefined {
  try {
    const document = new DOMParser({ errorHandler: refuse }).parseFromString(xml, 'text/xml')
    const signature = Array.from(
      document.documentElement.getElementsByTagNameNS(signatureSpace, 'Signature'),
    )[0]
    if (!signature) return undefined
    const signed = new SignedXml({ publicCert: key })
    const { CanonicalizationAlgorithms: known } = signed
    const accepted = ['http://www.w3.org/2001/10/xml-exc-c14n#', `${signatureSpace}enveloped-signature`]
    signed.CanonicalizationAlgorithms = Object.fromEntries(
      Object.entries(known).filter(([name]) => accepted.includes(name)),
    ) as typeof known
    signed.HashAlgorithms = Object.fromEntries(
      Object.entries(digests).map(digestOf),
    ) as typeof signed.HashAlgorithms
    signed.SignatureAlgorithms = Object.fromEntries(
      Object.entries(methods).map(verifierOf),
    ) as typeof signed.SignatureAlgorithms
    // The two packages declare nodes of their own.
    signed.loadSignature(signature as unknown as Parameters<typeof signed.loadSignature>[0])
    if (signed.checkSignature(xml) !== true) return undefined
    const references = signed.getSignedReferences()
    return references.length === 1 ? references[0] : undefined
  } catch {
    // The library throws for a wrong signature too. What it left behind is not read.
    return undefined
  }
}

function refuse(_level: string, message: string): never {
  throw new Error(message)
}

function digestOf([uri, hash]: [string, string]): [string, new () => HashAlgorithm] {
  return [
    uri,
    class implements HashAlgorithm {
      getAlgorithmName = () => uri
      getHash = (xml: string) => createHash(hash).update(xml, 'utf8').digest('base64')
    },
  ]
}

function verifierOf([uri, { kind, hash }]: [string, Method]): [string, new () => SignatureAlgorithm] {
  return [
    uri,
    class implements SignatureAlgorithm {
      getAlgorithmName = () => uri
      getSignature = () => refuse('', 'Nothing is signed here.')
      verifySignature = (material: string, key: unknown, value: string) => {
        const raw = Buffer.from(value, 'base64')
        const encoded = kind === 'ec' ? derOf(raw) : raw
        return createVerify(hash).update(material, 'utf8').verify(String(key), encoded)
      }
    },
  ]
}

/** XML signatures write the two numbers of ECDSA side by side, and not as DER: www.w3.org/TR/xmldsig-core1/#sec-ECDSA */
function derOf(raw: Buffer): Buffer {
  const half = raw.length / 2
  if (!Number.isInteger(half) || half < 32 || half > 66) refuse('', 'This is no signature of ECDSA.')
  const numbers = Buffer.concat([raw.subarray(0, half), raw.subarray(half)].map(derNumber))
  return Buffer.concat([
    Buffer.from(numbers.length < 128 ? [0x30] : [0x30, 0x81]),
    Buffer.from([numbers.length]),
    numbers,
  ])
}

function derNumber(bytes: Buffer): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1
  const digits = bytes.subarray(start)
  const padded = digits[0]! >= 128 ? Buffer.concat([Buffer.from([0]), digits]) : digits
  return Buffer.concat([Buffer.from([0x02, padded.length]), padded])
}
