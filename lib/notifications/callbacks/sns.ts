import { Buffer } from 'node:buffer'
import { AsnConvert } from '@peculiar/asn1-schema'
import { Certificate } from '@peculiar/asn1-x509'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { fetchPublic, NetFault } from '../../net/index.ts'
import { fromBase64 } from './signatures.ts'

export const SnsMessage = z.object({
  Type: z.enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']),
  MessageId: z.string().min(1).max(100),
  TopicArn: z.string().max(300),
  Subject: z.string().optional(),
  Message: z.string(),
  Timestamp: z.string().max(50),
  Token: z.string().optional(),
  SubscribeURL: z.string().optional(),
  SignatureVersion: z.enum(['1', '2']),
  Signature: z.string(),
  SigningCertURL: z.string(),
})
export type SnsMessage = z.output<typeof SnsMessage>

/** Gets a text from a URL of Amazon, or undefined. */
export type FetchText = (url: string) => Promise<string | undefined>

const host = /^sns\.[a-z0-9-]{3,30}\.amazonaws\.com(\.cn)?$/

/** Whether a URL leads to SNS at Amazon, where anybody's certificate would be anybody's signature. */
export function isAmazon(text: string | undefined): text is string {
  if (text === undefined || text.length > 2_000 || !URL.canParse(text)) return false
  const url = new URL(text)
  return (
    url.protocol === 'https:' &&
    url.port === '' &&
    url.username === '' &&
    url.password === '' &&
    host.test(url.hostname)
  )
}

export const fetchText: FetchText = async (url) => {
  try {
    const { status, bytes } = await fetchPublic(url, {
      method: 'GET',
      headers: {},
      timeoutMs: 5_000,
      maxBytes: 65_536,
    })
    return status === 200 ? new TextDecoder().decode(bytes) : undefined
  } catch (thrown) {
    if (thrown instanceof NetFault) return undefined
    throw thrown
  }
}

const keys = new LRUCache<string, CryptoKey>({ max: 50, ttl: 3_600_000 })

/**
 * Whether SNS signed a message: RSA over its fields, with the key of a certificate at Amazon. It says nothing of whose
 * topic it is: everybody may have one. Source: docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html.
 */
export async function verifySns(message: SnsMessage, fetch: FetchText = fetchText): Promise<boolean> {
  const { SigningCertURL: url, Signature, SignatureVersion } = message
  if (!isAmazon(url) || !new URL(url).pathname.endsWith('.pem')) return false
  const hash = SignatureVersion === '1' ? 'SHA-1' : 'SHA-256'
  const name = `${hash} ${url}`
  const key = keys.get(name) ?? (await readKey(await fetch(url), hash))
  if (!key) return false
  keys.set(name, key)
  const signature = fromBase64(Signature) as Uint8Array<ArrayBuffer>
  const signed = new TextEncoder().encode(signedText(message))
  return crypto.subtle.verify('RSASSA-PKCS1-v1_5', key, signature, signed)
}

function signedText(message: SnsMessage): string {
  const names =
    message.Type === 'Notification'
      ? (['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'] as const)
      : (['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'] as const)
  const fields: Partial<Record<string, string>> = message
  return names.flatMap((name) => (fields[name] === undefined ? [] : `${name}\n${fields[name]}\n`)).join('')
}

async function readKey(pem: string | undefined, hash: string): Promise<CryptoKey | undefined> {
  const packed = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(
    pem ?? '',
  )?.[1]
  if (!packed) return undefined
  try {
    const { tbsCertificate } = AsnConvert.parse(new Uint8Array(Buffer.from(packed, 'base64')), Certificate)
    if (tbsCertificate.validity.notAfter.getTime().getTime() < Date.now()) return undefined
    const spki = AsnConvert.serialize(tbsCertificate.subjectPublicKeyInfo)
    const kind = { name: 'RSASSA-PKCS1-v1_5', hash }
    return await crypto.subtle.importKey('spki', spki, kind, false, ['verify'])
  } catch {
    // No certificate, or a key of another kind.
    return undefined
  }
}
