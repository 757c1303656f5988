import { createServer as createHttps } from 'node:https'
import { createServer as createTcp } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { daysFromNow, type MadeCertificate, makeCertificate } from '../kit/servers/certificates.ts'
import { runtimes } from './runtimes.ts'
import { listen } from './servers.ts'

describe.each(runtimes)('on %s a TLS server whose certificate', (_runtime, run) => {
  const host = 'hook.example'
  const wishes = {
    good: { hosts: [host] },
    expired: { hosts: [host], notBefore: daysFromNow(-30), notAfter: daysFromNow(-1) },
    early: { hosts: [host], notBefore: daysFromNow(1), notAfter: daysFromNow(30) },
    other: { hosts: ['other.example', 'hook.example.evil.test', 'x.hook.example'] },
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
    ['good', false, 'untrusted', /^The certificate of hook.example:\d+ is not one that is trusted\.$/],
    [
      'expired',
      true,
      'untrusted',
      /^The certificate of hook.example:\d+ (has expired|is not one that is trusted)\.$/,
    ],
    ['early', true, 'untrusted', /^The certificate of hook.example:\d+ is not one that is trusted\.$/],
    ['other', true, 'untrusted', /^The certificate of hook.example:\d+ is for another name\.$/],
  ] as const)('is %s, its authority known: %s', async (name, isKnown, end, message) => {
    const { certificate, port } = made[name]!
    const step = { url: `https://${host}:${port}/`, ...(isKnown && { ca: certificate.pem }) }
    for (const outcome of await run([[step, { ...step, keepAlive: true }]])) {
      expect(outcome.end).toBe(end)
      if (message) expect(outcome.message).toMatch(message)
    }
  })
  it('is missing, since it speaks no TLS', async () => {
    const plain = createTcp((socket) => socket.once('data', () => socket.end('HTTP/1.1 400 No\r\n\r\n')))
    const url = `https://${host}:${await listen(plain)}/`
    const message = `${new URL(url).host} and Tenantry found no way to speak TLS with each other.`
    expect(await run([{ url }])).toMatchObject([{ end: 'untrusted', message }])
  })
})
