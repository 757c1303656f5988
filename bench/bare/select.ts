// The least a Hono route with a database can do: one prepared select by primary key.
import process from 'node:process'
import { Hono } from 'hono'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.BENCH_DB_URL, max: 10 })
const app = new Hono().get('/by-slug/:slug', async (c) => {
  const { rows } = await pool.query({
    name: 'page',
    text: 'select config from bench.pages where slug = $1',
    values: [c.req.param('slug')],
  })
  return c.body(rows[0].config, 200, { 'content-type': 'application/json' })
})

Deno.serve(app.fetch)
