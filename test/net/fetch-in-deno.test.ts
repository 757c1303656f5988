import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runInDeno } from '../kit/run-in-deno.ts'
import { type MadeCertificate, makeCertificate } from '../kit/servers/certificates.ts'

// Edge functions run on Deno, whose sockets and TLS are its own: the pin is shown to hold there too.
let made: MadeCertificate
let port: number
const server = createServer()
beforeAll(async () => {
  made = await makeCertificate({ hosts: ['idp.example'] })
  server.setSecureContext({ key: made.keyPem, cert: made.pem })
  server.on('request', (request, response) => response.end(`for ${request.headers.host}`))
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.close()
})

function inDeno(host: string, ca: string | undefined, allowLoopback = true): Promise<string> {
  return runInDeno(`
    import { fetchPublic } from './lib/net/index.ts'
    const [url, ca, allowLoopback] = ${JSON.stringify([`https://${host}:${port}/`, ca ?? '', allowLoopback])}
    const options = { timeoutMs: 5_000, maxBytes: 1_000, policy: { allowLoopback }, ...(ca && { ca }) }
    try {
      const { bytes } = await fetchPublic(url, { ...options, resolve: async () => ['127.0.0.1'] })
      console.log(new TextDecoder().decode(bytes))
    } catch (thrown) {
      console.log(thrown.code ?? thrown)
    }`)
}

it.each<[string, () => Promise<string>, () => string]>([
  [
    'connects to the judged address by its name',
    () => inDeno('idp.example', made.pem),
    () => `for idp.example:${port}`,
  ],
  ['refuses a certificate for another name', () => inDeno('other.example', made.pem), () => 'untrusted'],
  ['refuses an unknown authority', () => inDeno('idp.example', undefined), () => 'untrusted'],
  [
    'refuses loopback without the setting',
    () => inDeno('idp.example', made.pem, false),
    () => 'address_refused',
  ],
])('on Deno it %s', async (_name, ask, expected) => {
  expect(await ask()).toBe(expected())
})
