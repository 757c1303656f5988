import { createSign } from 'node:crypto'
import { SignedXml } from 'xml-crypto'
import type { MadeCertificate } from './certificates.ts'

const more = 'http://www.w3.org/2001/04/xmldsig-more#'
const encryption = 'http://www.w3.org/2001/04/xmlenc#'
export const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#'
export const enveloped = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'

interface Wish {
  algorithm?: string
  digest?: string
  canonicalization?: string
  transforms?: string[]
  /** An XPath; the root when left out. */
  target?: string
  isEmptyUri?: boolean
  /** The certificates that stand beside the signature; its own when left out. */
  named?: string[]
  /** An XPath; the root when left out. The signature becomes its first child. */
  into?: string
}

/** Signs XML as identity providers do: the root, by its ID, with the signature as its first child. */
export function signXml(xml: string, by: MadeCertificate, wish: Wish = {}): string {
  const algorithm = wish.algorithm ?? `${more}rsa-sha256`
  const named = wish.named ?? [by.base64]
  const signed = new SignedXml({
    privateKey: by.keyPem,
    signatureAlgorithm: algorithm as never,
    canonicalizationAlgorithm: (wish.canonicalization ?? exclusive) as never,
    getKeyInfoContent: () =>
      named.length === 0
        ? null
        : `<X509Data>${named.map((each) => `<X509Certificate>${each}</X509Certificate>`).join('')}</X509Data>`,
  })
  signed.SignatureAlgorithms = { ...signed.SignatureAlgorithms, ...ecdsa }
  signed.addReference({
    xpath: wish.target ?? '/*',
    transforms: wish.transforms ?? [enveloped, exclusive],
    digestAlgorithm: wish.digest ?? `${encryption}sha256`,
    isEmptyUri: wish.isEmptyUri ?? false,
  })
  signed.computeSignature(xml, { location: { reference: wish.into ?? '/*', action: 'prepend' } })
  return signed.getSignedXml()
}

/** The library signs with RSA alone. */
const ecdsa = Object.fromEntries(
  [256, 384, 512].map((bits) => {
    const uri = `${more}ecdsa-sha${bits}`
    return [
      uri,
      class {
        getAlgorithmName = () => uri
        verifySignature = () => false
        getSignature = (text: string, key: string) =>
          createSign(`sha${bits}`).update(text).sign({ key, dsaEncoding: 'ieee-p1363' }, 'base64')
      },
    ]
  }),
) as Record<string, never>
