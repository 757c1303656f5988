// The least that a Hono route can do: one constant JSON, as long as the answer it is compared with.
import process from 'node:process'
import { Hono } from 'hono'

const body = JSON.stringify({ text: 'x'.repeat(Number(process.env.BODY_BYTES) - 11) })
const app = new Hono().get('/by-slug/:slug', (c) => c.body(body, 200, { 'content-type': 'application/json' }))

Deno.serve(app.fetch)
