import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { sendBySmtp } from '../../../lib/notifications/senders/smtp.ts'
import { daysFromNow, type MadeCertificate, makeCertificate } from '../../kit/servers/certificates.ts'
import { mailFor } from './message.ts'

beforeAll(() => vi.stubEnv('TENANTRY_ALLOW_PRIVATE_URLS', 'loopback'))
afterAll(() => vi.unstubAllEnvs())

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
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return { got, port: (server.server.address() as AddressInfo).port }
}

describe.each(['tls', 'starttls'] as const)('by %s', (security) => {
  const send = async (certificate: MadeCertificate, ca: string | undefined = certificate.authorityPem) => {
    const { got, port } = await startServer(certificate, security)
    const settings = { host: '127.0.0.1', port, user: 'ada', from_email: 'ada@example.com' }
    const found = await sendBySmtp(settings, 'secret', mailFor('bob@example.com'), {
      ...{ security, answerMs: 3_000 },
      ...(ca && { ca }),
    })
    return { found, got }
  }

  it('a mail and the credentials go to a server whose certificate is good, encrypted', async () => {
    const { found, got } = await send(await makeCertificate({ hosts: ['127.0.0.1'], isIssued: true }))
    expect(found).toMatchObject({ outcome: 'sent' })
    expect(got).toEqual([{ to: 'bob@example.com', isSecure: true, user: 'ada' }])
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
    expect(found.detail.replace(/:\d+/, '')).toBe(sentence)
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
