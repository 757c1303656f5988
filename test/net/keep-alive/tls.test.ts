import { createServer as createHttps } from 'node:https'
import type { Socket } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { type MadeCertificate, makeCertificate } from '../../kit/servers/certificates.ts'
import { runtimes } from '../runtimes.ts'
import { listen } from '../servers.ts'
import type { Step } from '../steps.ts'

let made: MadeCertificate
beforeAll(async () => {
  made = await makeCertificate({ hosts: ['hook.example', 'other.example'] })
})

/** A receiver that keeps every connection open; `heard` has "connection host" of each request. */
async function receiveTls({ requestsEach = Number.POSITIVE_INFINITY } = {}) {
  const heard: string[] = []
  const requests = new Map<Socket, number>()
  const server = createHttps({ key: made.keyPem, cert: made.pem }, (request, response) => {
    const { socket } = request
    requests.set(socket, (requests.get(socket) ?? 0) + 1)
    heard.push(`${[...requests.keys()].indexOf(socket) + 1} ${request.headers.host?.split(':')[0]}`)
    if (requests.get(socket)! > requestsEach) socket.destroy()
    else response.end('ok')
  })
  server.keepAliveTimeout = 0
  server.on('tlsClientError', () => {})
  const port = await listen(server)
  const step = (more: Partial<Step> = {}, host = 'hook.example'): Step => ({
    url: `https://${host}:${port}/`,
    keepAlive: true,
    ca: made.pem,
    ...more,
  })
  return { heard, step }
}

// On Deno every outcome is read when the process has ended: a connection that kept it alive would be seen.
describe.each(runtimes)('on %s a kept TLS connection', (_runtime, run) => {
  const moved = { addresses: [['10.0.0.1']] }

  it('is used again, without asking the resolver again', async () => {
    const { heard, step } = await receiveTls()
    const outcomes = await run([step(), step(moved), step({ ...moved, keepAlive: false })])
    expect(outcomes.map(({ end, asked }) => [end, asked])).toEqual([
      ['200 ok', 1],
      ['200 ok', 0],
      ['address_refused', 1],
    ])
    expect(heard).toEqual(['1 hook.example', '1 hook.example'])
  })
  it('is for one name, one authority and one policy', async () => {
    const { heard, step } = await receiveTls()
    const { ca: _, ...withoutAuthority } = step()
    const outcomes = await run([
      step(),
      step({}, 'other.example'),
      withoutAuthority,
      step({ allowLoopback: false }),
      step({ method: 'POST', body: '{}' }),
    ])
    expect(outcomes.map(({ end }) => end)).toEqual([
      '200 ok',
      '200 ok',
      'untrusted',
      'address_refused',
      '200 ok',
    ])
    expect(heard).toEqual(['1 hook.example', '2 other.example', '1 hook.example'])
  })
  it('that was closed is made anew, and the name judged anew', async () => {
    const { heard, step } = await receiveTls({ requestsEach: 1 })
    const outcomes = await run([step(), step(moved), step()])
    expect(outcomes.map(({ end, asked }) => [end, asked])).toEqual([
      ['200 ok', 1],
      ['address_refused', 1],
      ['200 ok', 1],
    ])
    expect(heard).toEqual(['1 hook.example', '1 hook.example', '2 hook.example'])
  })
})
