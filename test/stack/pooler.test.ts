import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { SignJWT } from 'jose'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findPgBouncer } from '../../stack/processes/binaries.ts'
import { type BootedStack, bootStack } from '../kit/stack.ts'

// Functions behind PgBouncer in transaction mode, as a hosted project tells them to be. It refuses every startup
// parameter that it does not know and keeps no prepared statement, and each transaction gets another server
// connection. So whatever stays behind on a connection reaches a stranger, who would see it here.

const tenantCount = 50
const callersOfEach = 6
/** How long the callers run against each other. The environment can make it longer. */
const seconds = Number(process.env.TENANTRY_TEST_POOLER_SECONDS ?? 12)

interface Tenant {
  id: string
  slug: string
  users: string[]
}

interface Answer {
  status: number
  retryAfter: string | undefined
  body: string
}

const isInstalled = (() => {
  try {
    return Boolean(findPgBouncer())
  } catch {
    return false
  }
})()

// In CI it is never skipped.
describe.skipIf(!isInstalled && !process.env.CI)('functions behind a pooler in transaction mode', () => {
  let stack: BootedStack
  let admin: pg.Client
  let tenants: Tenant[]
  const agent = new Agent({ keepAlive: true, maxSockets: 2_500 })

  beforeAll(async () => {
    stack = await bootStack({ args: ['--pooler', '--no-seed'] })
    admin = new pg.Client({ connectionString: stack.access.admin_db_url })
    await admin.connect()
    tenants = await makeTenants(admin)
  })

  afterAll(async () => {
    agent.destroy()
    await admin?.end()
    await stack?.stop()
  })

  async function tokenOf(user: string): Promise<string> {
    return new SignJWT({ role: 'authenticated' })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(user)
      .setIssuer(`${stack.access.api_url}/auth/v1`)
      .setAudience('authenticated')
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(stack.access.jwt_secret))
  }

  function send(method: string, path: string, credential: string, more: Sent = {}): Promise<Answer> {
    const body = more.body === undefined ? undefined : JSON.stringify(more.body)
    const headers = {
      authorization: `Bearer ${credential}`,
      ...(more.tenant !== undefined && { 'x-tenant': more.tenant }),
      ...(more.version !== undefined && { 'if-match': `"${more.version}"` }),
      ...(body !== undefined && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      }),
    }
    return new Promise((resolve, reject) => {
      request(`${stack.access.api_url}/functions/v1${path}`, { method, headers, agent }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk
        })
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            retryAfter: response.headers['retry-after'],
            body: text,
          }),
        )
        response.once('error', reject)
      })
        .once('error', reject)
        .end(body)
    })
  }

  it('refuses what a direct connection allows, so it is the strict pooler', async () => {
    const url = await poolerUrl(stack)
    const direct = new pg.Client({ connectionString: url, statement_timeout: 1_000 })
    direct.on('error', () => {})
    await expect(direct.connect()).rejects.toThrow(/unsupported startup parameter/)
  })

  it(`never runs a statement for another caller, over ${seconds} s of errors and kills`, async () => {
    const keys = new Map<string, string>()
    for (const tenant of tenants.slice(0, 10)) {
      const answer = await send(
        'POST',
        `/registry/tenants/${tenant.slug}/api-keys`,
        await tokenOf(tenant.users[0]!),
        {
          body: { name: 'Server', scopes: ['brand:read'], rate_limit_per_minute: 100_000 },
        },
      )
      expect(answer.status, answer.body).toBe(201)
      keys.set(tenant.slug, (JSON.parse(answer.body) as { key: string }).key)
    }

    const until = Date.now() + seconds * 1_000
    const seen = { own: 0, byKey: 0, changed: 0, strangers: 0, refused: 0, disturbed: 0 }
    const wrong: string[] = []
    const expectAnswer = (what: string, answer: Answer, ...allowed: number[]): boolean => {
      // A statement that was cancelled is a 504, and a connection that was cut a 503.
      if (answer.status === 504 || (answer.status === 503 && answer.retryAfter !== undefined)) {
        seen.disturbed++
        return false
      }
      if (allowed.includes(answer.status)) return true
      wrong.push(`${what}: ${answer.status} ${answer.body}`)
      return false
    }

    async function live(tenant: Tenant, user: string, number: number): Promise<void> {
      const token = await tokenOf(user)
      const key = keys.get(tenant.slug)
      const stranger = tenants[(tenants.indexOf(tenant) + 1 + number) % tenants.length]!
      for (let turn = 0; Date.now() < until; turn++) {
        const own = await send('GET', '/branding/brand', token)
        let version = 1
        if (expectAnswer('own brand', own, 200)) {
          seen.own++
          const { slug, ...brand } = JSON.parse(own.body) as { slug: string; version: number }
          version = brand.version
          if (slug !== tenant.slug) wrong.push(`${tenant.slug} saw the brand of ${slug}`)
        }
        const foreign = await send('GET', '/branding/brand', token, { tenant: stranger.slug })
        if (expectAnswer('a stranger’s brand', foreign, 404)) seen.strangers++
        if (key) {
          const byKey = await send('GET', '/branding/brand', key)
          if (expectAnswer('own brand by key', byKey, 200)) {
            seen.byKey++
            const { slug } = JSON.parse(byKey.body) as { slug: string }
            if (slug !== tenant.slug) wrong.push(`the key of ${tenant.slug} saw the brand of ${slug}`)
          }
        }
        const tagline = `${tenant.slug} ${number}.${turn}`
        const changed = await send('PATCH', '/branding/brand', token, {
          version,
          body: { brand: { tagline } },
        })
        // 412: somebody else of the tenant was first.
        if (expectAnswer('a change', changed, 200, 412) && changed.status === 200) seen.changed++
        const nonsense = { version, body: { brand: { nonsense: 1 } } }
        const refused = await send('PATCH', '/branding/brand', token, nonsense)
        if (expectAnswer('a bad change', refused, 422)) seen.refused++
      }
    }

    // Kills and cancels whatever runs, and never more than ten server connections exist.
    let mostConnections = 0
    async function disturb(): Promise<void> {
      while (Date.now() < until) {
        const { rows } = await admin.query<{ pid: number }>(
          "select pid from pg_stat_activity where application_name = 'tenantry-functions' order by random()",
        )
        mostConnections = Math.max(mostConnections, rows.length)
        const [killed, ...others] = rows
        if (killed) await admin.query('select pg_terminate_backend($1)', [killed.pid])
        for (const { pid } of others.slice(0, 3)) await admin.query('select pg_cancel_backend($1)', [pid])
        await sleep(150)
      }
    }
    const people = tenants.flatMap((tenant) => tenant.users.map((user, number) => live(tenant, user, number)))
    expect(people).toHaveLength(tenantCount * callersOfEach)
    await Promise.all([...people, disturb()])

    expect(wrong.slice(0, 5)).toEqual([])
    expect(mostConnections).toBeLessThanOrEqual(10)
    for (const [what, count] of Object.entries(seen)) {
      expect(count, what).toBeGreaterThan(0)
    }
    // A tenant's tagline is one that its own people wrote.
    const { rows: taglines } = await admin.query<{ slug: string; tagline: string | null }>(
      `select t.slug, b.brand ->> 'tagline' as tagline
       from public.tenants as t join public.tenant_brands as b on b.tenant_id = t.id where t.slug like 'pooled-%'`,
    )
    for (const { slug, tagline } of taglines) if (tagline) expect(tagline.startsWith(`${slug} `)).toBe(true)
  })

  it('answers 2,000 callers at once, or says when to come again', async () => {
    const token = await tokenOf(tenants[0]!.users[0]!)
    const answers = await Promise.all(
      Array.from({ length: 2_000 }, () => send('GET', '/branding/brand', token)),
    )
    for (const { status, retryAfter, body } of answers) {
      if (status === 503) expect(Number(retryAfter)).toBeGreaterThan(0)
      else expect(status, body).toBe(200)
    }
  })
})

interface Sent {
  tenant?: string
  version?: number
  body?: unknown
}

async function poolerUrl(stack: BootedStack): Promise<string> {
  const { admin_db_url, runtime } = (await stack.stackFile()) as {
    admin_db_url: string
    runtime: { pooler?: { port: number } }
  }
  const url = new URL(admin_db_url)
  url.port = String(runtime.pooler?.port)
  url.username = 'postgres'
  url.password = new URL(stack.access.db_url).password
  return url.href
}

async function makeTenants(admin: pg.Client): Promise<Tenant[]> {
  const { rows } = await admin.query<Tenant>(
    `with made as (
       insert into public.tenants (slug, name, status, plan)
       select 'pooled-' || lpad(n::text, 2, '0'), 'Pooled ' || n, 'active', 'business' from generate_series(1, $1::int) as n
       returning id, slug),
     people as (
       insert into auth.users (id, email)
       select gen_random_uuid(), m.slug || '-' || n || '@example.com' from made as m, generate_series(1, $2::int) as n
       returning id, email)
     select m.id, m.slug, array_agg(p.id::text) as users
     from made as m join people as p on p.email like m.slug || '-%' group by m.id, m.slug`,
    [tenantCount, callersOfEach],
  )
  for (const { id, users } of rows) {
    await admin.query(
      `insert into public.tenant_members (tenant_id, user_id, role) select $1, u::uuid, 'owner' from unnest($2::text[]) as u`,
      [id, users],
    )
  }
  return rows
}
