export type NetFaultCode =
  /** The URL itself is refused: scheme, port, credentials. */
  | 'url_refused'
  /** A header that cannot be sent: it would break the request, or the caller may not set it. */
  | 'request_refused'
  /** One of the name's addresses is outside the public internet. */
  | 'address_refused'
  /** The name has no address. */
  | 'unknown_host'
  /** No connection, or one that ended before the answer did. */
  | 'unreachable'
  /** TLS failed: an unknown authority, another name, an expired certificate. */
  | 'untrusted'
  | 'too_slow'
  | 'too_large'
  /** The answer is not HTTP, or it is compressed although the request did not allow that. */
  | 'not_http'

/** These end an exchange before its first byte. */
const neverSent: NetFaultCode[] = [
  'url_refused',
  'request_refused',
  'address_refused',
  'unknown_host',
  'untrusted',
]

/** Why an exchange with another server failed. `message` is a sentence that may be shown. */
export class NetFault extends Error {
  readonly code: NetFaultCode
  /** Whether it is certain that the other server got nothing. */
  readonly isUnsent: boolean

  constructor(
    code: NetFaultCode,
    message: string,
    cause?: unknown,
    { isUnsent = neverSent.includes(code) } = {},
  ) {
    super(message, { cause })
    this.name = 'NetFault'
    this.code = code
    this.isUnsent = isUnsent
  }

  /** Whether the same exchange may succeed later. */
  get isPassing(): boolean {
    return ['unknown_host', 'unreachable', 'too_slow'].includes(this.code)
  }
}

/** Node gives TLS failures a code, Deno 2.1 a text, and later versions of Deno both. See findTrustFailure() for these. */
const failures: [sign: RegExp, sentence: (host: string) => string][] = [
  // This comes first, because "a certificate is required" is about our certificate.
  [
    /^ERR_SSL|fatal alert|corrupt message/,
    (host) => `${host} and Tenantry found no way to speak TLS with each other.`,
  ],
  [/ALTNAME|NotValidForName/, (host) => `The certificate of ${host} is for another name.`],
  [/EXPIRED|certificate: Expired|certificate expired/, (host) => `The certificate of ${host} has expired.`],
  [/NOT_YET_VALID|NotValidYet|not valid yet/, (host) => `The certificate of ${host} is not valid yet.`],
  [
    /CERT|SIGNATURE|ISSUER|^ERR_TLS|certificate|UnknownIssuer/,
    (host) => `The certificate of ${host} is not one that is trusted.`,
  ],
]

/**
 * Turns an error of a socket into a NetFault. It tells a failure of trust from a failure of the network. Deno 2.1
 * notices a failure of trust only when it reads the first byte, and sends nothing until then.
 */
export function faultOf(url: URL, error: unknown): NetFault {
  if (url.protocol === 'https:' && error instanceof Error) {
    const signs = ['code' in error ? String(error.code) : '', error.message]
    const failure = failures.find(([sign]) => signs.some((text) => sign.test(text)))
    if (failure) return new NetFault('untrusted', failure[1](url.host), error)
  }
  return new NetFault('unreachable', 'The connection ended before the answer did.', error)
}
