import { NetFault } from './net-fault.ts'

/** Node names TLS failures by code, Deno 2.1 by text, later ones by both. */
const failures: [sign: RegExp, sentence: (host: string) => string][] = [
  // First: "a certificate is required" is said about ours.
  [
    /^ERR_SSL|fatal alert|corrupt message/,
    (host) => `${host} and Tenantry found no way to speak TLS with each other.`,
  ],
  [/ALTNAME|NotValidForName/, (host) => `The certificate of ${host} is for another name.`],
  [/EXPIRED|certificate: Expired/, (host) => `The certificate of ${host} has expired.`],
  [
    /CERT|SIGNATURE|ISSUER|^ERR_TLS|certificate|UnknownIssuer/,
    (host) => `The certificate of ${host} is not one that is trusted.`,
  ],
]

/**
 * An error of a socket as a NetFault. Trust is told apart from a bad line; Deno 2.1 finds out about it
 * only when the first byte is read, and has sent nothing until then.
 */
export function faultOf(url: URL, error: unknown): NetFault {
  if (url.protocol === 'https:' && error instanceof Error) {
    const signs = ['code' in error ? String(error.code) : '', error.message]
    const failure = failures.find(([sign]) => signs.some((text) => sign.test(text)))
    if (failure) return new NetFault('untrusted', failure[1](url.host), error)
  }
  return new NetFault('unreachable', 'The connection ended before the answer did.', error)
}
