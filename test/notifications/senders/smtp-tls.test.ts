import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { sendBySmtp } from '../../../lib/notifications/senders/smtp.ts'
import { runInDeno } from '../../kit/run-in-deno.ts'
import { daysFromNow, type MadeCertificate, makeCertificate } from '../../kit/servers/certificates.ts'
import { mailFor } from './message.ts'

beforeAll(() => vi.stubEnv('TENANTRY_ALLOW_PRIVATE_URLS', 'loopback'))
afterAll(() => vi.unstubAllEnvs())

type Sending = Parameters<typeof sendBySmtp>
const sentenceOfDeno = (sending: Sending) => `
  import { sendBySmtp } from './lib/notifications/senders/smtp.ts'
  console.log(JSON.stringify(await sendBySmtp(...${JSON.stringify(sending)})))`

/** Sockets and TLS are another implementation on Deno, where the dispatcher runs. */
const runtimes: [name: string, send: typeof sendBySmtp][] = [
  ['Node', sendBySmtp],
  ['Deno', async (...sending) => JSON.parse(await runInDeno(sentenceOfDeno(sending)))],
]

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return (server.address() as AddressInfo).port
}

/** Passes everything on to a server, and keeps the bytes that its client sent. */
async function listenIn(port: number) {
  const sent: Buffer[] = []
  const relay = createServer((client) => {
    const server = connect(port, '127.0.0.1')
    for (const [end, other] of [[client, server] as const, [server, client] as const])
      end.on('error', () => other.destroy()).on('close', () => other.destroy())
    client.on('data', (chunk) => sent.push(chunk))
    client.pipe(server).pipe(client)
  })
  return { port: await listen(relay), sent: () => Buffer.concat(sent).toString('latin1') }
}

/** A mail server with this certificate. It keeps what it got, and whether that came encrypted. */
async function startServer(certificate: MadeCertificate, security: 'tls' | 'starttls') {
  const got: { to: string; isSecure: boolean; user: string | undefined }[] = []
  const server = new SMTPServer({
    ...{ key: certificate.keyPem, cert: certificate.pem, secure: security === 'tls', logger: false },
    ...{ authOptional: true, disableReverseLookup: true },
    onAuth: ({ username }, _session, callback) => callback(null, { user: username ?? '' }),
    onData(stream, session, callback) {
      stream.resume()
      stream.once('end', () => {
        got.push({
          to: session.envelope.rcptTo[0]!.address,
          isSecure: session.secure,
          user: session.user as string | undefined,
        })
        callback()
      })
    },
  })
  server.on('error', () => {})
  return { got, ...(await listenIn(await listen(server.server))) }
}

const ways = runtimes.flatMap(([runtime, send]) =>
  (['tls', 'starttls'] as const).map((security) => ({ runtime, send, security })),
)

describe.each(ways)('by $security on $runtime', ({ send: sendBy, security, runtime }) => {
  const send = async (certificate: MadeCertificate, ca: string | undefined = certificate.authorityPem) => {
    const { got, port, sent } = await startServer(certificate, security)
    const settings = { host: '127.0.0.1', port, user: 'ada', from_email: 'ada@example.com' }
    const found = await sendBy(settings, 'secret', mailFor('bob@example.com'), {
      ...{ security, answerMs: 3_000 },
      ...(ca && { ca }),
    })
    return { found, got, sent: sent() }
  }

  it('a mail and the credentials go to a server whose certificate is good, encrypted', async () => {
    const { found, got, sent } = await send(await makeCertificate({ hosts: ['127.0.0.1'], isIssued: true }))
    expect(found).toMatchObject({ outcome: 'sent' })
    expect(got).toEqual([{ to: 'bob@example.com', isSecure: true, user: 'ada' }])
    // A mail server may end a handshake that offers it HTTP and nothing else.
    expect(sent).not.toContain('http/1.1')
    expect(sent).not.toContain('bob@example.com')
  })

  it.each<[string, Parameters<typeof makeCertificate>[0], string]>([
    [
      'has expired',
      { hosts: ['127.0.0.1'], isIssued: true, notBefore: daysFromNow(-30), notAfter: daysFromNow(-1) },
      'The certificate of 127.0.0.1 has expired.',
    ],
    [
      'is for another host',
      { hosts: ['mail.example.com'], isIssued: true },
      'The certificate of 127.0.0.1 is for another name.',
    ],
  ])('nothing goes to a server whose certificate %s', async (_, wish, sentence) => {
    const { found, got } = await send(await makeCertificate(wish))
    expect(found).toMatchObject({ outcome: 'failed' })
    // Deno does not say why after STARTTLS, unless it is the name.
    const isVague = runtime === 'Deno' && security === 'starttls' && sentence.endsWith('expired.')
    expect(found.detail.replace(/:\d+/, '')).toBe(
      isVague ? 'The certificate of 127.0.0.1 is not one that is trusted.' : sentence,
    )
    expect(got).toEqual([])
  })

  it('nothing goes to a server whose certificate nobody vouches for', async () => {
    const other = await makeCertificate({ hosts: ['127.0.0.1'], isIssued: true })
    const { found, got } = await send(await makeCertificate({ hosts: ['127.0.0.1'] }), other.authorityPem)
    expect(found).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('not one that is trusted'),
    })
    expect(got).toEqual([])
  })
})

it('a server that offers no TLS gets neither a mail nor the credentials', async () => {
  const users: unknown[] = []
  const server = new SMTPServer({
    ...{ disabledCommands: ['STARTTLS'], hideSTARTTLS: true, logger: false, allowInsecureAuth: true },
    onAuth({ username }, _session, callback) {
      users.push(username)
      callback(null, { user: username ?? '' })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const { port } = server.server.address() as AddressInfo
  const settings = { host: '127.0.0.1', port, user: 'ada', from_email: 'ada@example.com' }
  const found = await sendBySmtp(settings, 'secret', mailFor('bob@example.com'), { security: 'starttls' })
  expect(found.outcome).not.toBe('sent')
  expect(users).toEqual([])
})
