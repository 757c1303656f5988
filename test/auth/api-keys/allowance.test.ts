import process from 'node:process'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { apiKeyAllowance } from '../../../lib/auth/api-keys/allowance.ts'
import { apiKeyUses } from '../../../lib/auth/api-keys/uses.ts'
import type { VerifiedKey } from '../../../lib/auth/api-keys/verifier.ts'
import { admin, closeConnections, type Sql } from '../../../lib/db/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin as setup } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { logEvent, type MadeKey, makeKey } from '../../registry/api-keys/world.ts'

process.env.SUPABASE_DB_URL = inject('stack').db_url
afterAll(closeConnections)

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const idOf = async ({ ref_id }: MadeKey) =>
  (await setup.query<{ id: string }>('select private.ulid_to_uuid($1) as id', [ref_id])).rows[0]!.id
async function verifiedKey(rateLimitPerMinute: number): Promise<VerifiedKey> {
  const id = await idOf(await makeKey(tenant, owner, { rate_limit_per_minute: rateLimitPerMinute }))
  const { id: tenantId, ref_id: refId, slug } = tenant
  return { id, tenant: { id: tenantId, refId, slug }, product: null, scopes: [], rateLimitPerMinute }
}
/** So many requests at once; how many got through. */
const spend = async (count: (key: VerifiedKey) => Promise<void>, key: VerifiedKey, requests: number) => {
  const answers = await Promise.allSettled(Array.from({ length: requests }, () => count(key)))
  for (const answer of answers) {
    if (answer.status === 'rejected')
      expect(answer.reason).toMatchObject({
        code: 'rate_limited',
        status: 429,
        headers: { 'retry-after': expect.stringMatching(/^([1-9]|[1-5]\d|60)$/) },
      })
  }
  return answers.filter(({ status }) => status === 'fulfilled').length
}
const counting = () => {
  const queries = { count: 0 }
  const query = <Row>(statement: Sql) => {
    queries.count++
    return admin.query<Row>(statement)
  }
  return { queries, db: { query } }
}

/** Not so near to the end of a clock minute that a test would see two. */
beforeEach(async () => {
  const { rows } = await setup.query<{ left: number }>(
    `select (60 - extract(second from clock_timestamp()))::float8 as left`,
  )
  if (rows[0]!.left < 8) await new Promise((resolve) => setTimeout(resolve, rows[0]!.left * 1_000 + 50))
})

describe('the allowance of a key', () => {
  it('is its limit in a clock minute, and then 429 with Retry-After, over HTTP', async () => {
    const { key } = await makeKey(tenant, owner, { rate_limit_per_minute: 3 })
    const answers = []
    for (let n = 0; n < 5; n++) answers.push(await logEvent(key))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429])
    expect(Number(answers[4]!.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await problemOf(answers[4]!)).toMatchObject({ code: 'rate_limited' })
    // Another function is another isolate.
    expect((await call('/branding/brand', { token: key })).status).toBe(429)
  })

  it('is never passed, however many isolates there are', async () => {
    for (const limit of [1, 10, 120]) {
      const key = await verifiedKey(limit)
      const isolates = Array.from({ length: 5 }, () => apiKeyAllowance())
      const passed = await Promise.all(isolates.map((count) => spend(count, key, limit)))
      const sum = passed.reduce((before, n) => before + n, 0)
      expect(sum).toBe(limit)
    }
  })

  it('costs fifty questions a minute, and none once it is used up', async () => {
    const { queries, db } = counting()
    const count = apiKeyAllowance({ db })
    const key = await verifiedKey(1_000)
    expect(await spend(count, key, 1_000)).toBe(1_000)
    expect(queries.count).toBe(50)
    expect(await spend(count, key, 500)).toBe(0)
    expect(queries.count).toBe(51)
  })

  it('is fresh in the next minute', async () => {
    const clock = { ms: 1_000 }
    const count = apiKeyAllowance({ now: () => clock.ms })
    const key = await verifiedKey(2)
    expect(await spend(count, key, 4)).toBe(2)
    clock.ms += 60_001
    await setup.query(
      `update private.api_key_windows set window_at = window_at - interval '1 minute' where api_key_id = $1`,
      [key.id],
    )
    expect(await spend(count, key, 4)).toBe(2)
  })

  it('of a key that is gone is refused as the key is', async () => {
    const key = { ...(await verifiedKey(5)), id: crypto.randomUUID() }
    await expect(apiKeyAllowance()(key)).rejects.toMatchObject({ code: 'invalid_api_key' })
  })
})

describe('last_used_at', () => {
  const usedAt = async (id: string) =>
    (
      await setup.query<{ at: Date | null }>('select last_used_at as at from public.api_keys where id = $1', [
        id,
      ])
    ).rows[0]!.at

  it('is written after the answer, and shown to managers', async () => {
    const key = await makeKey(tenant, owner)
    const id = await idOf(key)
    const updatedAt = async () =>
      (await setup.query('select updated_at, updated_by from public.api_keys where id = $1', [id])).rows
    const before = await updatedAt()
    await logEvent(key.key)
    await expect.poll(() => usedAt(id)).not.toBeNull()
    // A use is no change anybody made.
    expect(await updatedAt()).toEqual(before)
    const list = await (
      await call(`/registry/tenants/${tenant.slug}/api-keys`, { token: owner.token })
    ).json()
    expect(JSON.stringify(list)).toContain((await usedAt(id))!.toISOString())
  })

  it('costs one write a minute for each key, and one statement for many', async () => {
    const { queries, db } = counting()
    const clock = { ms: Date.parse('2026-03-01T10:00:00Z') }
    let gathered = () => {}
    const gather = () => new Promise<void>((resolve) => (gathered = resolve))
    const note = apiKeyUses({ db, now: () => clock.ms, gather })
    const keys = await Promise.all([verifiedKey(1), verifiedKey(1), verifiedKey(1)])
    for (let n = 0; n < 100; n++) for (const key of keys) note(key)
    gathered()
    await expect.poll(() => usedAt(keys[2]!.id)).toEqual(new Date(clock.ms))
    expect(queries.count).toBe(1)

    clock.ms += 59_000
    for (const key of keys) note(key)
    clock.ms += 1_000
    note(keys[0]!)
    gathered()
    await expect.poll(() => usedAt(keys[0]!.id)).toEqual(new Date(clock.ms))
    expect(queries.count).toBe(2)
    expect(await usedAt(keys[1]!.id)).toEqual(new Date('2026-03-01T10:00:00Z'))
  })

  it('is not moved back, nor by another isolate within the minute', async () => {
    const { id } = await verifiedKey(1)
    const touch = (at: string) =>
      setup.query('select private.touch_api_keys($1, $2, $3)', [[tenant.id], [id], [new Date(at)]])
    for (const [at, shown] of [
      ['2026-03-01T10:00:00Z', '2026-03-01T10:00:00Z'],
      ['2026-03-01T10:00:30Z', '2026-03-01T10:00:00Z'],
      ['2026-03-01T09:00:00Z', '2026-03-01T10:00:00Z'],
      ['2026-03-01T10:01:00Z', '2026-03-01T10:01:00Z'],
    ] as const) {
      await touch(at)
      expect(await usedAt(id)).toEqual(new Date(shown))
    }
  })

  it('that cannot be written is logged and fails no request', async () => {
    const note = apiKeyUses({
      db: { query: () => Promise.reject(new Error('down')) },
      gather: async () => {},
    })
    note(await verifiedKey(1))
    await new Promise((resolve) => setTimeout(resolve, 20))
  })
})
