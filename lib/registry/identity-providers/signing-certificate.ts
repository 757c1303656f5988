import { parseCertificate } from './certificate.ts'
import { IdpFault } from './fault.ts'

/** What a manager pinned: a whole certificate, or the SHA-256 of one. */
export type Pinned = { certificate: string } | { fingerprint: string }

const pem = /^-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----$/

/**
 * Reads a certificate, as PEM or as its base64, or a SHA-256 fingerprint in hexadecimal, with colons or without.
 * Undefined if it is neither.
 */
export function parsePinned(text: string): Pinned | undefined {
  const trimmed = text.trim()
  const hexadecimal = trimmed.replace(/[:\s]/g, '').toLowerCase()
  if (/^[0-9a-f]{64}$/.test(hexadecimal)) return { fingerprint: hexadecimal }
  const certificate = (pem.exec(trimmed)?.[1] ?? trimmed).replace(/\s/g, '')
  try {
    parseCertificate(certificate)
    return { certificate }
  } catch (thrown) {
    if (thrown instanceof IdpFault) return undefined
    throw thrown
  }
}
