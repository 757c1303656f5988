import { Buffer } from 'node:buffer'
import { AsnConvert } from '@peculiar/asn1-schema'
import { Certificate as X509 } from '@peculiar/asn1-x509'
import { IdpFault } from './fault.ts'

export interface Certificate {
  /** SHA-256 of the DER, hexadecimal. */
  fingerprint: string
  notBefore: Date
  notAfter: Date
  /** Its public key, as PEM. */
  key: string
  keyKind: 'rsa' | 'ec' | undefined
  /** Why its key cannot be relied on. */
  weakness: string | undefined
}

const rsa = '1.2.840.113549.1.1.1'
const ec = '1.2.840.10045.2.1'

/** A certificate as SAML metadata holds it: base64, spaces and line breaks anywhere. Throws IdpFault. */
export async function readCertificate(base64: string): Promise<Certificate> {
  const { der, certificate } = parseCertificate(base64)
  const { validity, subjectPublicKeyInfo } = certificate.tbsCertificate
  const [notBefore, notAfter] = [validity.notBefore.getTime(), validity.notAfter.getTime()]
  if (Number.isNaN(notBefore.getTime()) || Number.isNaN(notAfter.getTime())) throw unreadable()
  const spki = AsnConvert.serialize(subjectPublicKeyInfo)
  const { algorithm } = subjectPublicKeyInfo.algorithm
  const packedKey = Buffer.from(spki).toString('base64').replace(/.{64}/g, '$&\n')
  return {
    fingerprint: Buffer.from(await crypto.subtle.digest('SHA-256', der)).toString('hex'),
    notBefore,
    notAfter,
    key: `-----BEGIN PUBLIC KEY-----\n${packedKey}\n-----END PUBLIC KEY-----\n`,
    keyKind: { [rsa]: 'rsa' as const, [ec]: 'ec' as const }[algorithm],
    weakness: await weaknessOf(spki, algorithm),
  }
}

/** Throws IdpFault. */
export function parseCertificate(base64: string): { der: Uint8Array<ArrayBuffer>; certificate: X509 } {
  const packed = base64.replace(/\s/g, '')
  const der = new Uint8Array(Buffer.from(packed, 'base64'))
  // Buffer skips characters that are not base64, and a certificate with gaps is not valid.
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(packed) || der.length === 0) throw unreadable()
  try {
    return { der, certificate: AsnConvert.parse(der, X509) }
  } catch (cause) {
    throw unreadable(cause)
  }
}

async function weaknessOf(spki: ArrayBuffer, algorithm: string): Promise<string | undefined> {
  if (algorithm === ec) {
    const curves = await Promise.allSettled(['P-256', 'P-384', 'P-521'].map((curve) => importEc(spki, curve)))
    return curves.some(({ status }) => status === 'fulfilled')
      ? undefined
      : "A certificate's curve is not known."
  }
  if (algorithm !== rsa) return "A certificate's key is neither RSA nor of an elliptic curve."
  try {
    const kind = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('spki', spki, kind, true, ['verify'])
    const bits = 'modulusLength' in key.algorithm ? Number(key.algorithm.modulusLength) : 0
    return bits >= 2_048 ? undefined : `A certificate's key has ${bits} bits; RSA needs 2048.`
  } catch {
    return "A certificate's key cannot be read."
  }
}

function importEc(spki: ArrayBuffer, namedCurve: string): Promise<CryptoKey> {
  return crypto.subtle.importKey('spki', spki, { name: 'ECDSA', namedCurve }, true, ['verify'])
}

function unreadable(cause?: unknown): IdpFault {
  return new IdpFault('A certificate in the metadata cannot be read.', { cause })
}
