// The least an authenticated route can do: verify the same token, run one select as the caller, answer its rows, or a text
// as long as the answer it is compared with.
import process from 'node:process'
import { Hono } from 'hono'
import { jwtVerify } from 'jose'
import pg from 'pg'

const secret = new TextEncoder().encode(process.env.BENCH_JWT_SECRET)
const statements = JSON.parse(process.env.BENCH_STATEMENTS ?? '[]') as { text: string; values: unknown[] }[]
const pool = new pg.Pool({ connectionString: process.env.BENCH_DB_URL, max: 10, pipeline: true })
pool.on('connect', (client) => client.on('error', () => {}))

const body =
  process.env.BENCH_BODY_BYTES &&
  JSON.stringify({ text: 'x'.repeat(Number(process.env.BENCH_BODY_BYTES) - 11) })

const app = new Hono().get('/:number', async (c) => {
  const token = c.req.header('authorization')?.slice('Bearer '.length) ?? ''
  const { payload } = await jwtVerify(token, secret, { audience: 'authenticated' })
  const number = Number(c.req.param('number'))
  const { text, values } = statements[number]!
  const client = await pool.connect()
  try {
    await Promise.all([
      client.query('begin'),
      client.query({
        name: 'caller',
        text: "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)",
        values: [JSON.stringify(payload)],
      }),
    ])
    const { rows } = await client.query({ name: `statement_${number}`, text, values })
    await client.query('commit')
    return body ? c.body(body, 200, { 'content-type': 'application/json' }) : c.json(rows)
  } finally {
    client.release()
  }
})

Deno.serve(app.fetch)
