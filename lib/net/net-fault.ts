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

/** Why an exchange with another server failed. `message` is a sentence that may be shown. */
export class NetFault extends Error {
  readonly code: NetFaultCode

  constructor(code: NetFaultCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'NetFault'
    this.code = code
  }

  /** Whether the same exchange may succeed later. */
  get isPassing(): boolean {
    return ['unknown_host', 'unreachable', 'too_slow'].includes(this.code)
  }
}
