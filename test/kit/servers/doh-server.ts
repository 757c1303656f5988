import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, AUTHORITATIVE_ANSWER, decode, encode, RECURSION_AVAILABLE } from 'dns-packet'

/** What the server says about one name; a name it has not heard of is NXDOMAIN. */
export interface Zone {
  /** Each TXT record, as one string or as the strings it is split into. */
  txt?: (string | string[])[]
  cname?: string
  /** NXDOMAIN is 3, SERVFAIL 2, REFUSED 5. */
  rcode?: number
  delayMs?: number
  /** Sent in place of a DNS message, in base64. */
  bytes?: string
  /** Sent after the message, to make the answer this much longer. */
  padding?: number
  /** Answers another question than the one that was asked. */
  question?: string
  isTruncated?: boolean
  status?: number
  contentType?: string
  location?: string
  /** Hangs up without an answer. */
  reset?: boolean
}

export interface DohServer {
  url: string
  /** How often a name was asked about. */
  asked(name: string): number
  stop(): Promise<void>
}

const dnsMessage = 'application/dns-message'

/**
 * A recursive resolver that speaks RFC 8484 and knows what it was told: PUT /zones/<name> with a Zone as
 * JSON. Test files run in processes of their own, so that is how they reach the one the stack asks.
 */
export async function startDohServer(): Promise<DohServer> {
  const zones = new Map<string, Zone>()
  const asked = new Map<string, number>()

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const [, place, name = ''] = (request.url ?? '').split('/')
    if (place === 'zones') {
      if (request.method === 'PUT') zones.set(name, JSON.parse(body.toString()))
      response.end(String(asked.get(name) ?? 0))
    } else if (request.method !== 'POST' || place !== 'dns-query') response.writeHead(404).end()
    else if (request.headers['content-type'] !== dnsMessage || request.headers.accept !== dnsMessage)
      response.writeHead(415).end()
    else await answer(body, response)
  }

  async function answer(body: Buffer, response: ServerResponse): Promise<void> {
    const query = decode(body)
    const [question, another] = query.questions ?? []
    if (!question || another || query.id !== 0 || !query.flag_rd) return void response.writeHead(400).end()
    const name = question.name.toLowerCase()
    asked.set(name, (asked.get(name) ?? 0) + 1)
    const zone = zones.get(name) ?? { rcode: 3 }
    if (zone.delayMs) await sleep(zone.delayMs)
    if (zone.reset) return void response.destroy()
    const { answers, rcode } = resolve(name)
    const message = encode({
      type: 'response',
      id: 0,
      flags: RECURSION_AVAILABLE | AUTHORITATIVE_ANSWER | rcode | (zone.isTruncated ? 0x200 : 0),
      questions: [{ type: 'TXT', class: 'IN', name: zone.question ?? question.name }],
      answers,
    })
    response.writeHead(zone.status ?? 200, {
      'content-type': zone.contentType ?? dnsMessage,
      ...(zone.location && { location: zone.location }),
    })
    response.write(zone.bytes === undefined ? message : Buffer.from(zone.bytes, 'base64'))
    response.end(Buffer.alloc(zone.padding ?? 0))
  }

  /** Follows CNAMEs, as a recursive resolver does for its client. */
  function resolve(name: string): { answers: Answer[]; rcode: number } {
    const answers: Answer[] = []
    for (let at = name, hop = 0; hop < 16; hop++) {
      const zone = zones.get(at)
      if (!zone) return { answers, rcode: 3 }
      for (const record of zone.txt ?? [])
        answers.push({ type: 'TXT', class: 'IN', ttl: 60, name: at, data: record })
      if (zone.cname === undefined) return { answers, rcode: zone.rcode ?? 0 }
      answers.push({ type: 'CNAME', class: 'IN', ttl: 60, name: at, data: zone.cname })
      at = zone.cname.toLowerCase()
    }
    return { answers, rcode: 0 }
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/dns-query`,
    asked: (name) => asked.get(name) ?? 0,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Tells a server what to say about a name from now on. */
export async function publish(dohUrl: string, name: string, zone: Zone): Promise<void> {
  const response = await fetch(new URL(`/zones/${name}`, dohUrl), {
    method: 'PUT',
    body: JSON.stringify(zone),
  })
  if (!response.ok) throw new Error(`The resolver did not take ${name}: ${response.status}`)
  await response.body?.cancel()
}
