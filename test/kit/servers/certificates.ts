import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

export interface MadeCertificate {
  pem: string
  /** Base64 of the DER, as SAML metadata holds it. */
  base64: string
  keyPem: string
  /** The authority that signed it: itself, unless `isIssued`. */
  authorityPem: string
}

interface CertificateWish {
  name?: string
  /** DNS names and addresses it is valid for. */
  hosts?: string[]
  notBefore?: Date
  notAfter?: Date
  /** RSA of this many bits; P-256 when left out. */
  rsaBits?: number
  /** Signed by an authority that was made for it. */
  isIssued?: boolean
}

const day = 86_400_000
export const daysFromNow = (days: number): Date => new Date(Date.now() + days * day)

/** A certificate; self-signed, and valid since yesterday and for a year, unless said otherwise. */
export async function makeCertificate(wish: CertificateWish = {}): Promise<MadeCertificate> {
  const algorithm = wish.rsaBits
    ? {
        name: 'RSASSA-PKCS1-v1_5',
        hash: 'SHA-256',
        publicExponent: new Uint8Array([1, 0, 1]),
        modulusLength: wish.rsaBits,
      }
    : { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const makeKeys = async () =>
    (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair
  const keys = await makeKeys()
  const fields = {
    signingAlgorithm: algorithm,
    notBefore: wish.notBefore ?? daysFromNow(-1),
    notAfter: wish.notAfter ?? daysFromNow(365),
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        (wish.hosts ?? []).map((value) => ({
          type: /^[\d.]+$/.test(value) ? ('ip' as const) : ('dns' as const),
          value,
        })),
      ),
    ],
  }
  const name = `CN=${wish.name ?? 'Test'}`
  const authorityKeys = await makeKeys()
  const authority = wish.isIssued
    ? await x509.X509CertificateGenerator.createSelfSigned({
        name: 'CN=Test authority',
        keys: authorityKeys,
        signingAlgorithm: algorithm,
        notBefore: daysFromNow(-365),
        notAfter: daysFromNow(365),
        extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
      })
    : null
  const certificate = authority
    ? await x509.X509CertificateGenerator.create({
        ...fields,
        subject: name,
        issuer: authority.subject,
        publicKey: keys.publicKey,
        signingKey: authorityKeys.privateKey,
      })
    : await x509.X509CertificateGenerator.createSelfSigned({ ...fields, name, keys })
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  return {
    pem: certificate.toString('pem'),
    base64: certificate.toString('base64'),
    keyPem: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----`,
    authorityPem: (authority ?? certificate).toString('pem'),
  }
}
