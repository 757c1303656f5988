import { createPublicKey, verify } from 'node:crypto'
import type { Received } from '../receiver.ts'

/** What a receiver does with `v1a`, which the official library does not know yet. */
export function verifyEd25519(whpk: string, { body, headers }: Received): boolean {
  const [version, signature = ''] = String(headers['webhook-signature']).split(',')
  const der = Buffer.concat([
    Buffer.from('302a300506032b6570032100', 'hex'),
    Buffer.from(whpk.replace('whpk_', ''), 'base64'),
  ])
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  return version === 'v1a' && verify(null, Buffer.from(signed), key, Buffer.from(signature, 'base64'))
}
