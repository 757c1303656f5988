// The least that can send webhooks: it signs each and posts it with fetch, several at a time, without a queue.
import { createHmac } from 'node:crypto'

interface Work {
  url: string
  count: number
  endpoints: number
  concurrency: number
  payload: string
  key: string
}

async function deliver({ url, count, endpoints, concurrency, payload, key }: Work): Promise<void> {
  let sent = 0
  const work = async () => {
    while (sent < count) {
      const n = sent++
      const id = `msg_${n}`
      const timestamp = String(Math.floor(Date.now() / 1_000))
      const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${payload}`).digest('base64')
      const response = await fetch(`${url}/${n % endpoints}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          'webhook-signature': `v1,${signature}`,
        },
        body: payload,
      })
      await response.text()
      if (response.status !== 200) throw new Error(`The receiver answered ${response.status}.`)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
}

Deno.serve(async (request) => {
  await deliver((await request.json()) as Work)
  return new Response('done')
})
