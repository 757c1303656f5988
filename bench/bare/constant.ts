// The least that a Hono route can do: one constant JSON, as long as the answer it is compared with. With SAME_HEADERS its
// answer has as many headers, and an id of its own, as every answer of a function has.
import process from 'node:process'
import { Hono } from 'hono'

const body = JSON.stringify({ text: 'x'.repeat(Number(process.env.BODY_BYTES) - 11) })
const type = { 'content-type': 'application/json' }
const common = {
  'cache-control': 'public, max-age=60, stale-while-revalidate=600',
  'x-content-type-options': 'nosniff',
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'etag, location, retry-after, x-request-id',
  etag: '"0123456789abcdef0123456789abcdef"',
}
const app = new Hono().get('/by-slug/:slug', (c) =>
  process.env.SAME_HEADERS
    ? new Response(body, { headers: { ...type, ...common, 'x-request-id': crypto.randomUUID() } })
    : c.body(body, 200, type),
)

Deno.serve(app.fetch)
