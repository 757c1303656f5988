import { createServer as createHttps } from 'node:https'
import { connect, createServer as createTcp } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { daysFromNow, type MadeCertificate, makeCertificate } from '../kit/servers/certificates.ts'
import { runtimes } from './runtimes.ts'
import { listen } from './servers.ts'

const expired = / has expired\.$/
const early = / is not valid yet\.$/
const untrusted = / is not one that is trusted\.$/

describe.each(runtimes)('on %s a TLS server whose certificate', (_runtime, run) => {
  const host = 'hook.example'
  const past = { notBefore: daysFromNow(-30), notAfter: daysFromNow(-1) }
  const future = { notBefore: daysFromNow(1), notAfter: daysFromNow(30) }
  const wishes = {
    good: { hosts: [host] },
    issued: { hosts: [host], isIssued: true },
    expired: { hosts: [host], ...past },
    'issued, expired': { hosts: [host], isIssued: true, ...past },
    early: { hosts: [host], ...future },
    'issued, early': { hosts: [host], isIssued: true, ...future },
    other: { hosts: ['other.example', 'hook.example.evil.test', 'x.hook.example'] },
    'issued, other': { hosts: ['other.example'], isIssued: true },
  }
  const made: Record<string, { certificate: MadeCertificate; port: number }> = {}
  beforeAll(async () => {
    for (const [name, wish] of Object.entries(wishes)) {
      const certificate = await makeCertificate(wish)
      const server = createHttps({ key: certificate.keyPem, cert: certificate.pem }, (_request, response) =>
        response.end('secret'),
      )
      server.on('tlsClientError', () => {})
      made[name] = { certificate, port: await listen(server) }
    }
  })
  it.each([
    ['good', true, '200 secret', undefined],
    ['issued', true, '200 secret', undefined],
    ['good', false, 'untrusted', untrusted],
    ['issued', false, 'untrusted', untrusted],
    ['expired', true, 'untrusted', expired],
    ['issued, expired', true, 'untrusted', expired],
    // Both are wrong with it. That it has expired is what its owner can mend.
    ['expired', false, 'untrusted', expired],
    ['issued, expired', false, 'untrusted', expired],
    ['early', true, 'untrusted', early],
    ['issued, early', true, 'untrusted', early],
    ['other', true, 'untrusted', / is for another name\.$/],
    ['issued, other', true, 'untrusted', / is for another name\.$/],
  ] as const)('is %s, its authority known: %s', async (name, isKnown, end, message) => {
    const { certificate, port } = made[name]!
    const step = { url: `https://${host}:${port}/`, ...(isKnown && { ca: certificate.authorityPem }) }
    for (const outcome of await run([[step, { ...step, keepAlive: true }]])) {
      expect(outcome.end).toBe(end)
      if (!message) continue
      expect(outcome.message).toMatch(message)
      expect(outcome.message).toContain(`The certificate of ${host}:${port} `)
    }
  })
  it('has expired, and that then answers nobody any more, is refused in time', async () => {
    let connections = 0
    const silent = createTcp((socket) => {
      if (connections++ > 0) return
      const target = connect(made.expired!.port, '127.0.0.1')
      socket.pipe(target).pipe(socket)
      target.on('error', () => {})
    })
    const url = `https://${host}:${await listen(silent)}/`
    const [outcome] = await run([{ url, timeoutMs: 4_500 }])
    expect(outcome).toMatchObject({ end: 'untrusted' })
    expect(outcome!.message).toMatch(/ (has expired|is not one that is trusted)\.$/)
    const [late] = await run([{ url: `${url}?again`, timeoutMs: 1_000 }])
    expect(late).toMatchObject({ end: 'too_slow' })
  })
  it('is missing, since it speaks no TLS', async () => {
    const plain = createTcp((socket) => socket.once('data', () => socket.end('HTTP/1.1 400 No\r\n\r\n')))
    const url = `https://${host}:${await listen(plain)}/`
    const message = `${new URL(url).host} and Tenantry found no way to speak TLS with each other.`
    expect(await run([{ url }])).toMatchObject([{ end: 'untrusted', message }])
  })
})
