import { setTimeout as sleep } from 'node:timers/promises'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'
import { messageOf } from '../failure.ts'
import { say } from '../log.ts'
import { findPort } from '../processes/ports.ts'
import { Misbehaviour, type Refusal } from './misbehaviour.ts'
import type { MailStore } from './store.ts'

export interface Receiver {
  port: number
  stop(): Promise<void>
}

/** As many mail servers have it. */
const messageBytes = 10 * 1024 * 1024
const mostRecipients = 100
const dripMs = 200

/**
 * Starts a mail server on a port of this machine. It takes every message, whoever it is for, and sends none on: what it
 * took stands in the mailbox. "misbehaviour.ts" lists the addresses for which it acts as a troubled server does.
 */
export async function startReceiver(store: MailStore, preferredPort?: number): Promise<Receiver> {
  const misbehaviour = new Misbehaviour()
  const server = new SMTPServer({
    name: 'mail.localhost',
    logger: false,
    size: messageBytes,
    rejectOversized: true,
    maxClients: 100,
    closeTimeout: 1000,
    disableReverseLookup: true,
    // Nothing leaves this machine, and a certificate that nobody vouches for would only be refused.
    hideSTARTTLS: true,
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    allowInsecureAuth: true,
    onAuth({ username = '' }, _session, callback) {
      const refusal = misbehaviour.atSignIn(username)
      if (refusal) callback(asError(refusal))
      else callback(null, { user: username || 'somebody' })
    },
    onRcptTo({ address }, session, callback) {
      const tooMany = session.envelope.rcptTo.length >= mostRecipients
      const refusal = tooMany
        ? { code: 452, message: 'Too many recipients' }
        : misbehaviour.atRecipient(address)
      callback(refusal && asError(refusal))
    },
    onData(stream, session, callback) {
      take(stream, session).then(
        (answer) => answer !== 'none' && callback(answer && asError(answer)),
        (error) => {
          say(`[mail] ${messageOf(error)}`)
          callback(asError({ code: 451, message: 'The message could not be kept' }))
        },
      )
    },
  })

  async function take(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
  ): Promise<Refusal | null | 'none'> {
    const raw = await readAll(stream)
    // The server answers by itself with 552.
    if (stream.sizeExceeded) return null
    const to = session.envelope.rcptTo.map(({ address }) => address)
    const { keeps, answer } = misbehaviour.afterData(to)
    const from = session.envelope.mailFrom ? session.envelope.mailFrom.address : ''
    if (keeps) await store.add({ from, to }, raw)
    if (answer === 'accept') return null
    const connection = [...server.connections].find((each) => each.session === session)
    if (answer === 'none') {
      connection?.close()
      return 'none'
    }
    if ('code' in answer) return answer
    for (let waited = 0; waited < answer.dripSeconds * 1000 && connection; waited += dripMs) {
      if (!server.connections.has(connection)) return 'none'
      connection._socket.write('250-Wait\r\n')
      await sleep(dripMs)
    }
    return null
  }

  // A connection that breaks is its client's affair.
  server.on('error', () => {})
  const port = await findPort(preferredPort)
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.server.off('error', reject)
      resolve()
    })
  })
  return { port, stop: () => new Promise((resolve) => server.close(() => resolve())) }
}

async function readAll(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = []
  let held = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    held += chunk.length
    // What is too large is read to its end, and not kept in memory.
    if (held <= messageBytes) chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function asError({ code, message }: Refusal): Error {
  return Object.assign(new Error(message), { responseCode: code })
}
