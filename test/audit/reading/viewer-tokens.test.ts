import { createHash, randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { logPath, readPage } from './log.ts'

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const at = (rest = '', of = tenant) => logPath(of, rest)

describe('a viewer token', () => {
  const issue = async (body: object = {}) => {
    const response = await call(at('/viewer-tokens'), { token: owner.token, body })
    expect(response.status).toBe(201)
    return (await response.json()) as { token: string; ref_id: string; expires_at: string }
  }

  it('reads the log of its tenant, and is itself in the log, beside who lent it', async () => {
    const { token, ref_id, expires_at } = await issue({ ttl_seconds: 60 })
    expect(Date.parse(expires_at) - Date.now()).toBeLessThanOrEqual(60_000)
    expect((await readPage(tenant, token, '?limit=1')).events).toHaveLength(1)
    expect(await problemOf(await call(at('?limit=x'), { token }))).toMatchObject({ code: 'invalid_query' })
    expect((await call(at('/1'), { token })).status).toBe(200)
    expect((await call('/registry/audit-actions', { token })).status).toBe(200)
    const { events } = await readPage(tenant, owner.token, `?target=${ref_id}`)
    expect(events).toMatchObject([
      { action: 'portal_token.issued', actor_type: 'user', actor_id: owner.refId, target_id: ref_id },
    ])
    const { events: seen } = await readPage(tenant, owner.token, `?actor=${ref_id}`)
    expect(seen[0]).toMatchObject({ action: 'audit.viewed', actor_type: 'portal_token', actor_id: ref_id })
  })

  it('opens nothing else', async () => {
    const { token } = await issue()
    const other = await makeTenant({ owner })
    expect((await call(at('', other), { token })).status).toBe(404)
    for (const path of [
      at('/export?format=csv'),
      at('/verify'),
      `/registry/tenants/${tenant.slug}`,
      '/registry/tenants',
    ])
      expect((await call(path, { token })).status).toBe(403)
    expect((await call(at('/viewer-tokens'), { token, body: {} })).status).toBe(403)
  })

  it('lives for 15 minutes at most, and ends by the clock', async () => {
    expect(
      await problemOf(await call(at('/viewer-tokens'), { token: owner.token, body: { ttl_seconds: 901 } })),
    ).toMatchObject({ code: 'invalid_body' })
    const { token, expires_at } = await issue()
    expect(Date.parse(expires_at) - Date.now()).toBeLessThanOrEqual(900_000)
    await superuser.query(
      `update private.portal_tokens set created_at = created_at - interval '1 hour', expires_at = expires_at - interval '1 hour'
       where token_hash = $1`,
      [createHash('sha256').update(token).digest()],
    )
    expect((await call(at(), { token })).status).toBe(401)
  })

  it('is revoked, ends with the membership, and cannot be guessed', async () => {
    const revoked = await issue()
    const answer = await call(at('/viewer-tokens'), { method: 'DELETE', token: owner.token })
    expect(((await answer.json()) as { revoked: number }).revoked).toBeGreaterThan(0)
    expect((await call(at(), { token: revoked.token })).status).toBe(401)

    const admin_ = await makePerson()
    const left = await makeTenant({ owner, admin: admin_ })
    const response = await call(at('/viewer-tokens', left), { token: admin_.token, body: {} })
    const { token } = (await response.json()) as { token: string }
    expect((await call(at('', left), { token })).status).toBe(200)
    await admin.query('delete from public.tenant_members where user_id = $1', [admin_.id])
    expect((await call(at('', left), { token })).status).toBe(401)

    expect((await call(at(), { token: `tav_${randomBytes(32).toString('base64url')}` })).status).toBe(401)
  })

  it('is kept as a hash alone', async () => {
    const { token } = await issue()
    const { rows } = await superuser.query(
      'select v::text as kept from private.portal_tokens as v where tenant_id = $1',
      [tenant.id],
    )
    expect(rows.map(({ kept }) => kept).join()).not.toContain(token.slice(4))
  })
})
