import { Buffer } from 'node:buffer'
import { createHmac } from 'node:crypto'

// Signs and posts, and that is all: no queue, no log, no second look at where it goes.
interface Order {
  urls: string[]
  body: string
  count: number
  concurrency: number
}

const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64')

async function run({ urls, body, count, concurrency }: Order): Promise<void> {
  let next = 0
  const post = async () => {
    for (let n = next++; n < count; n = next++) {
      const id = `msg_bare${n}`
      const timestamp = Math.floor(Date.now() / 1_000)
      const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
      const response = await fetch(urls[n % urls.length] as string, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(timestamp),
          'webhook-signature': `v1,${signature}`,
        },
        body,
      })
      await response.text()
    }
  }
  await Promise.all(Array.from({ length: concurrency }, post))
}

Deno.serve(async (request) => {
  await run((await request.json()) as Order)
  return new Response('done')
})
