import { Agent, request } from 'node:http'
import { SignJWT } from 'jose'
import { generateApiKey } from '../../lib/auth/api-keys/format.ts'
import { type Figure, interleave, median, say } from '../measure.ts'
import type { BenchStack } from '../stack.ts'

/** Who has the token. */
export const owner = '00000000-0000-4000-8000-0000000000fe'
const connections = 16
const goal = { atLeast: 0.6 }

interface Ask {
  method: 'GET' | 'POST'
  url: string
  credential: () => string
  body?: string
  expects: number
}

/** Measures the same routes with an API key and with a person's token, and what gets through during a flood of wrong keys. */
export async function benchApiKeys(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const rounds = isQuick ? 1 : 3
  const seconds = isQuick ? 1 : 1.5
  const { token, key } = await makeKeyAndToken(stack)
  const at = (name: string, path: string) => `http://127.0.0.1:${stack.functionPort(name)}${path}`
  const write = {
    method: 'POST',
    url: at('usage', '/usage/events'),
    body: '{"event_type":"bench.key"}',
    expects: 200,
  } as const
  const read = { method: 'GET', url: at('branding', '/branding/brand'), expects: 200 } as const
  const figures: Figure[] = []
  for (const [what, route] of [
    ['POST /usage/events', write],
    ['GET /branding/brand', read],
  ] as const) {
    say(`api-keys: ${what}`)
    const rates = await interleave(rounds, [
      () => rate({ ...route, credential: () => key }, seconds),
      () => rate({ ...route, credential: () => token }, seconds),
    ])
    const [value, baseline] = rates.map(median) as [number, number]
    const note = 'against a JWT'
    figures.push({
      what,
      unit: 'req/s',
      value,
      baseline,
      ratio: value / baseline,
      goal,
      note,
    })
  }

  say('api-keys: floods of wrong keys')
  const refused = { ...write, expects: 401 }
  const damaged = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`
  const floods = await interleave(rounds, [
    () => rate({ ...refused, credential: () => damaged }, seconds),
    () => rate({ ...refused, credential: () => generateApiKey().key }, seconds),
  ])
  const [typo, unknown] = floods.map(median) as [number, number]
  figures.push(
    { what: 'wrong checksum, refused', unit: 'req/s', value: typo, note: 'no query' },
    {
      what: 'unknown keys, each another, refused',
      unit: 'req/s',
      value: unknown,
      note: 'one read each, no argon2id',
    },
  )
  return figures
}

interface Credentials {
  token: string
  key: string
  tenant: { id: string; slug: string }
}

/** A tenant with an owner's token and an API key. */
export async function makeKeyAndToken(stack: BenchStack): Promise<Credentials> {
  const admin = await stack.connect(stack.adminUrl)
  await admin.query('insert into auth.users (id, email) values ($1, $2) on conflict do nothing', [
    owner,
    'bench-keys@example.com',
  ])
  const { rows } = await admin.query<{ id: string; slug: string }>(
    `insert into public.tenants (slug, name, status, plan) values ('bench-' || left(md5(random()::text), 8), 'Bench', 'active', 'enterprise')
     returning id, slug`,
  )
  const tenant = rows[0]
  if (!tenant) throw new Error('no tenant was made')
  await admin.query(`insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'owner')`, [
    tenant.id,
    owner,
  ])
  const token = await new SignJWT({ role: 'authenticated' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(owner)
    .setIssuer(`${stack.apiUrl}/auth/v1`)
    .setAudience('authenticated')
    .setExpirationTime('2h')
    .sign(new TextEncoder().encode(stack.jwtSecret))
  const url = `http://127.0.0.1:${stack.functionPort('registry')}/registry/tenants/${tenant.slug}/api-keys`
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      name: 'Bench',
      scopes: ['usage:write', 'brand:read'],
      rate_limit_per_minute: 1_000_000,
    }),
  })
  const answer = (await response.json()) as { key?: string }
  const { key } = answer
  if (!key) throw new Error(`No key was made at ${url}: ${response.status} ${JSON.stringify(answer)}`)
  return { token, key, tenant }
}

/** Requests a second over this many connections. Each sends the next request when it has its answer. */
async function rate(ask: Ask, seconds: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const start = performance.now()
  const until = start + seconds * 1_000
  let answered = 0
  const work = async () => {
    while (performance.now() < until) {
      const status = await send(ask, agent)
      if (status !== ask.expects) throw new Error(`${ask.method} ${ask.url} answered ${status}.`)
      answered++
    }
  }
  try {
    await Promise.all(Array.from({ length: connections }, work))
  } finally {
    agent.destroy()
  }
  return (answered * 1_000) / (performance.now() - start)
}

function send({ method, url, credential, body }: Ask, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${credential()}`,
      ...(body !== undefined && { 'content-type': 'application/json', 'content-length': body.length }),
    }
    request(url, { method, agent, headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0))
    })
      .once('error', reject)
      .end(body)
  })
}
