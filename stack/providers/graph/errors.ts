import { randomBytes } from 'node:crypto'

interface Kind {
  /** The HTTP status. Meta asks to go by the code. */
  status: number
  title: string
  details: string
}

/** Source: developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes. */
const kinds: Record<number, Kind> = {
  0: { status: 401, title: 'AuthException', details: 'The app user could not be authenticated.' },
  1: { status: 500, title: 'API Unknown', details: 'An unknown error has occurred.' },
  2: { status: 503, title: 'API Service', details: 'Service temporarily unavailable.' },
  4: {
    status: 400,
    title: 'API Too Many Calls',
    details: 'The app has reached its API call rate limit.',
  },
  10: {
    status: 403,
    title: 'API Permission Denied',
    details: 'Permission is either not granted or has been removed.',
  },
  100: {
    status: 400,
    title: 'Invalid parameter',
    details: 'The request included one or more unsupported or misspelled parameters.',
  },
  190: { status: 401, title: 'Access token has expired', details: 'The access token has expired.' },
  2200: {
    status: 400,
    title: 'Callback verification failed',
    details: 'The callback did not answer the handshake.',
  },
  80007: {
    status: 400,
    title: 'Rate limit issues',
    details: 'The WhatsApp Business Account has reached its rate limit.',
  },
  130429: {
    status: 400,
    title: 'Rate limit hit',
    details: 'Cloud API message throughput has been reached.',
  },
  131000: { status: 500, title: 'Something went wrong', details: 'An unknown error has occurred.' },
  131026: { status: 400, title: 'Message undeliverable', details: 'Message undeliverable.' },
  131047: {
    status: 400,
    title: 'Re-engagement message',
    details:
      'Message failed to send because more than 24 hours have passed since the customer last replied to this number.',
  },
  131048: {
    status: 400,
    title: 'Spam rate limit hit',
    details:
      'Message failed to send because there are restrictions on how many can be sent from this number.',
  },
  131049: {
    status: 400,
    title: 'Message not sent',
    details: 'This message was not delivered to maintain healthy ecosystem engagement.',
  },
  131051: {
    status: 400,
    title: 'Message type unknown',
    details: 'Message type is currently not supported.',
  },
  131053: { status: 400, title: 'Media upload error', details: 'The media could not be used.' },
  131056: {
    status: 400,
    title: '(Business Account, Consumer Account) pair rate limit hit',
    details: 'Too many messages were sent from this number to the same number in a short period of time.',
  },
  132000: {
    status: 400,
    title: 'Number of parameters does not match the expected number of params',
    details: 'The number of variable parameters differs from that of the template.',
  },
  132001: {
    status: 404,
    title: 'Template name does not exist in the translation',
    details: 'The template does not exist in this language, or was not approved.',
  },
  133016: {
    status: 400,
    title: 'Account register deregister rate limit exceeded',
    details: 'Registration or deregistration failed, because there were too many attempts for this number.',
  },
}

export const isKnownCode = (code: number): boolean => code in kinds

/** An error of the Graph API, as its answer says it. */
export class GraphError extends Error {
  readonly status: number
  readonly #body: Record<string, unknown>

  constructor(code: number, { details, ...change }: { details?: string } & Record<string, unknown> = {}) {
    const kind = kinds[code] ?? kinds[131_000]!
    super(`(#${code}) ${kind.title}`)
    this.status = kind.status
    this.#body = {
      message: this.message,
      type: 'OAuthException',
      code,
      error_data: { messaging_product: 'whatsapp', details: details ?? kind.details },
      ...change,
    }
  }

  toJSON(): object {
    return { error: { ...this.#body, fbtrace_id: `A${randomBytes(16).toString('base64url')}` } }
  }
}

/** A parameter that is missing or wrong. */
export const invalid = (sentence: string) =>
  new GraphError(100, { message: `(#100) ${sentence}`, details: sentence })

/** What Meta answers for an id that there is not, and for one that the token does not open: nobody learns which. */
export function unknownObject(method: string, id: string): GraphError {
  const message = `Unsupported ${method.toLowerCase()} request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api`
  return new GraphError(100, {
    message,
    type: 'GraphMethodException',
    error_subcode: 33,
    error_data: undefined,
  })
}

/** The same errors where a status has failed. */
export function failureOf(code: number): object {
  const { title, details } = kinds[code] ?? kinds[131_000]!
  return {
    code,
    title,
    message: title,
    error_data: { details },
    href: 'https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes/',
  }
}
