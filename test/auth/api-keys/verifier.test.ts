import process from 'node:process'
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { generateApiKey } from '../../../lib/auth/api-keys/format.ts'
import { makeApiKey, provesKey } from '../../../lib/auth/api-keys/secret.ts'
import { apiKeyVerifier, trustedForMs } from '../../../lib/auth/api-keys/verifier.ts'
import { admin, closeConnections, type Sql } from '../../../lib/db/index.ts'
import { admin as setup } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

const pepper = 'a-pepper-of-this-test-and-nobody-elses'
process.env.SUPABASE_DB_URL = inject('stack').db_url
process.env.SUPABASE_URL = inject('stack').api_url
process.env.TENANTRY_KEY_PEPPER = pepper
afterAll(closeConnections)

let tenant: Tenant
beforeEach(async () => {
  tenant = await makeTenant({ owner: await makePerson() })
})

/** When the clock of these tests stands still. */
const startMs = 1_000

/** A verifier that counts what it costs, on a clock of its own. */
function counted() {
  const cost = { queries: 0, proofs: 0 }
  const clock = { ms: startMs }
  const verifier = apiKeyVerifier({
    pepper,
    db: {
      query: <Row>(statement: Sql) => {
        cost.queries++
        return admin.query<Row>(statement)
      },
    },
    proves: (key, hash) => {
      cost.proofs++
      return provesKey(key, hash)
    },
    now: () => clock.ms,
  })
  const isRefused = async (key: string) => {
    await expect(verifier.verify(key)).rejects.toMatchObject({ code: 'invalid_api_key', status: 401 })
  }
  return { cost, clock, verifier, isRefused }
}

async function storeKey(expiresAt: Date | null = null): Promise<{ key: string; id: string }> {
  const { key, prefix, hash, lookup } = await makeApiKey()
  const { rows } = await setup.query<{ id: string }>(
    `select id from public.create_api_key($1, $2, '{usage:write}', $3, $4, $5, expires_at => $6)`,
    [tenant.id, key.slice(-20), prefix, hash, lookup, expiresAt],
  )
  return { key, id: rows[0]!.id }
}
const revoke = (id: string) => setup.query('select public.revoke_api_key($1, $2)', [tenant.id, id])

describe('a good key', () => {
  it('costs one query and one argon2id in ten seconds, however often it is used', async () => {
    const { verifier, cost, clock } = counted()
    const { key, id } = await storeKey()
    for (; clock.ms < startMs + trustedForMs; clock.ms += 100) {
      expect(await verifier.verify(key)).toMatchObject({
        id,
        tenant: { id: tenant.id, refId: tenant.ref_id, slug: tenant.slug },
        scopes: ['usage:write'],
      })
    }
    expect(cost).toEqual({ queries: 1, proofs: 1 })
    clock.ms = startMs + trustedForMs + 1
    await verifier.verify(key)
    expect(cost).toEqual({ queries: 2, proofs: 2 })
  })

  it('costs that once for many requests at the same moment', async () => {
    const { verifier, cost } = counted()
    const { key } = await storeKey()
    await Promise.all(Array.from({ length: 50 }, () => verifier.verify(key)))
    expect(cost).toEqual({ queries: 1, proofs: 1 })
  })

  it('dies in an isolate that knew it within ten seconds of being revoked', async () => {
    const { verifier, clock, isRefused } = counted()
    const { key, id } = await storeKey()
    await verifier.verify(key)
    await revoke(id)
    clock.ms = startMs + trustedForMs - 1
    await verifier.verify(key)
    clock.ms = startMs + trustedForMs + 1
    await isRefused(key)
  })

  it('dies to the moment when it expires, remembered or not', async () => {
    const { verifier, isRefused, cost } = counted()
    const { key } = await storeKey(new Date(Date.now() + 400))
    await verifier.verify(key)
    await new Promise((resolve) => setTimeout(resolve, 450))
    await isRefused(key)
    expect(cost.queries).toBe(1)
  })
})

describe('a wrong key', () => {
  it('with a wrong character costs no query', async () => {
    const { isRefused, cost, verifier } = counted()
    const { key } = await storeKey()
    for (let at = 0; at < key.length; at++) {
      await isRefused(key.slice(0, at) + (key[at] === 'x' ? 'y' : 'x') + key.slice(at + 1))
    }
    expect(cost).toEqual({ queries: 0, proofs: 0 })
    expect(verifier.size()).toBe(0)
  })

  it('with a good checksum costs one indexed read in ten seconds and no argon2id', async () => {
    const { isRefused, cost, clock } = counted()
    const { key } = generateApiKey()
    await isRefused(key)
    await isRefused(key)
    expect(cost).toEqual({ queries: 1, proofs: 0 })
    clock.ms = startMs + trustedForMs + 1
    await isRefused(key)
    expect(cost).toEqual({ queries: 2, proofs: 0 })
  })

  it('in a flood of thousands hashes nothing, fills no memory and drives out no good key', async () => {
    const { verifier, cost } = counted()
    const { key } = await storeKey()
    await verifier.verify(key)
    for (let wave = 0; wave < 60; wave++) {
      await Promise.all(
        Array.from({ length: 100 }, () => verifier.verify(generateApiKey().key).catch(() => {})),
      )
    }
    expect(cost).toEqual({ queries: 6_001, proofs: 1 })
    expect(verifier.size()).toBeLessThanOrEqual(10_000)
    await verifier.verify(key)
    expect(cost.queries).toBe(6_001)
  })

  it('is not told apart from a revoked, an expired or an archived tenant’s one, by answer or by cost', async () => {
    const { verifier, cost } = counted()
    const revoked = await storeKey()
    await revoke(revoked.id)
    const expired = await storeKey(new Date(Date.now() + 60_000))
    await setup.query(`update public.api_keys set expires_at = now() where id = $1`, [expired.id])
    const answers = []
    for (const key of [generateApiKey().key, revoked.key, expired.key]) {
      answers.push(
        await verifier
          .verify(key)
          .catch((problem) => JSON.stringify({ ...problem, message: problem.message })),
      )
    }
    const archived = await storeKey()
    await setup.query(`update public.tenants set status = 'archived' where id = $1`, [tenant.id])
    answers.push(
      await verifier
        .verify(archived.key)
        .catch((problem) => JSON.stringify({ ...problem, message: problem.message })),
    )
    expect(new Set(answers).size).toBe(1)
    expect(cost).toEqual({ queries: 4, proofs: 0 })
  })

  it('that the lookup finds and argon2id does not prove is refused', async () => {
    const { isRefused, cost } = counted()
    const { key, id } = await storeKey()
    const { hash } = await makeApiKey()
    await setup.query('update private.api_key_secrets set hash = $1 where api_key_id = $2', [hash, id])
    await isRefused(key)
    expect(cost).toEqual({ queries: 1, proofs: 1 })
  })

  it('is every key, under another pepper', async () => {
    const { key } = await storeKey()
    const elsewhere = apiKeyVerifier({ pepper: 'another-pepper-than-the-one-before' })
    await expect(elsewhere.verify(key)).rejects.toMatchObject({ code: 'invalid_api_key' })
  })
})

describe('a failure', () => {
  it('of the database is not remembered as a wrong key', async () => {
    const { key } = await storeKey()
    let isDown = true
    const verifier = apiKeyVerifier({
      pepper,
      db: {
        query: <Row>(statement: Sql) =>
          isDown ? Promise.reject(new Error('down')) : admin.query<Row>(statement),
      },
    })
    await expect(verifier.verify(key)).rejects.toThrow('down')
    isDown = false
    await verifier.verify(key)
  })
})
