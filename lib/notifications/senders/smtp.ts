import { isIP } from 'node:net'
import { createTransport } from 'nodemailer'
import { connectPublic, NetFault } from '../../net/index.ts'
import { type EmailMessage, unsubscribeHeaders, type Verdict, verdict } from './message.ts'
import type { SmtpSettings } from './settings.ts'

/** The time for connecting, and then for each answer of the server. */
const connectMs = 10_000
const answerMs = 30_000

interface Reach {
  /** Certificates trusted instead of the system's authorities. */
  ca?: string
  answerMs?: number
  /** On another port than usual, and on this machine too, as tests need it. */
  security?: 'tls' | 'starttls'
}

/**
 * Sends a mail by SMTP: with TLS from the first byte on port 465, and with STARTTLS on every other. Only a server on
 * this machine, in development, is spoken to in plain text.
 */
export async function sendBySmtp(
  { host, port, user }: SmtpSettings,
  secret: string | null,
  message: EmailMessage,
  { ca, answerMs: patienceMs = answerMs, security }: Reach = {},
): Promise<Verdict> {
  const isTls = security === undefined ? port === 465 : security === 'tls'
  const watch = watchDialogue()
  try {
    const { socket, isLoopback } = await connectPublic({ host, port, isTls, timeoutMs: connectMs, ca })
    // The library's own connections would resolve the name again, and check nothing.
    const transport = createTransport({
      connection: socket,
      secured: isTls,
      secure: isTls,
      requireTLS: !isTls && (!isLoopback || security === 'starttls'),
      ignoreTLS: isLoopback && !isTls && security === undefined,
      host,
      port,
      ...(user !== undefined && { auth: { user, pass: secret ?? '' } }),
      // SNI does not allow an address.
      tls: { ...(isIP(host) === 0 && { servername: host }), ...(ca && { ca }) },
      greetingTimeout: connectMs,
      socketTimeout: patienceMs,
      disableFileAccess: true,
      disableUrlAccess: true,
      logger: watch.logger,
      transactionLog: true,
    })
    try {
      const { response } = await transport.sendMail(composed(message))
      return verdict('sent', response, { provider_id: /\bqueued as (\S{1,200})/.exec(response)?.[1] ?? null })
    } finally {
      socket.destroy()
    }
  } catch (thrown) {
    return verdictOf(thrown, host, watch.hasBegunMessage())
  }
}

/** The mail as nodemailer takes it. */
export function composed(message: EmailMessage) {
  return {
    messageId: message.message_id,
    from: message.from,
    to: [{ name: '', address: message.to }],
    ...(message.reply_to !== null && { replyTo: message.reply_to }),
    subject: message.subject,
    html: message.html,
    text: message.text,
    headers: { ...unsubscribeHeaders(message), 'Auto-Submitted': 'auto-generated' },
  }
}

interface SmtpFailure extends Error {
  code?: string
  responseCode?: number
  response?: string
}

/** What nodemailer passes on of a certificate that is refused after STARTTLS. A person has to change something. */
const untrusted: [sign: RegExp, sentence: (host: string) => string][] = [
  [/altname|does not match|NotValidForName/i, (host) => `The certificate of ${host} is for another name.`],
  [/expired/i, (host) => `The certificate of ${host} has expired.`],
  [/certificate|UnknownIssuer/i, (host) => `The certificate of ${host} is not one that is trusted.`],
]

function verdictOf(thrown: unknown, host: string, hasBegunMessage: boolean): Verdict {
  const down = { is_down: true }
  if (thrown instanceof NetFault) return verdict(thrown.isPassing ? 'retry' : 'failed', thrown.message, down)
  if (!(thrown instanceof Error)) throw thrown
  const { code, responseCode, response, message } = thrown as SmtpFailure
  const said = response ?? message
  if (code === 'EAUTH')
    // 4xx is a server that cannot look up its users right now.
    return verdict(responseCode !== undefined && responseCode < 500 ? 'retry' : 'credentials', said)
  if (responseCode === undefined) {
    const failure = hasBegunMessage ? undefined : untrusted.find(([sign]) => sign.test(said))
    if (failure) return verdict('failed', failure[1](host), down)
    return verdict(hasBegunMessage ? 'ambiguous' : 'retry', said, down)
  }
  // 421: the server itself is closing. Any other 4xx may be about this one message.
  return verdict(responseCode < 500 ? 'retry' : 'failed', said, { is_down: responseCode === 421 })
}

/** Hears whether the command was sent after which the server may have the message. */
function watchDialogue() {
  let hasBegun = false
  const hear = (entry: { tnx?: string }, text: string) => {
    if (entry?.tnx === 'client' && /^DATA\b/.test(text)) hasBegun = true
  }
  const logger = { level() {}, trace: hear, debug: hear, info: hear, warn: hear, error: hear, fatal: hear }
  return { logger, hasBegunMessage: () => hasBegun }
}
