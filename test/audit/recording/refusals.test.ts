import { beforeAll, describe, expect, it } from 'vitest'
import { call } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { recorded } from './recorded.ts'

let owner: Person
beforeAll(async () => {
  owner = await makePerson()
})

describe('a refused change', () => {
  const rename = (person: Person, ref: string) =>
    call(`/registry/tenants/${ref}`, { method: 'PATCH', token: person.token, body: { name: 'No' } })

  it('of a member outlives the rollback of its request', async () => {
    const reviewer = await makePerson()
    const refusing = await makeTenant({ owner, reviewer })
    const rows = await recorded(refusing.id, async () => {
      expect((await rename(reviewer, refusing.slug)).status).toBe(403)
    })
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      action: 'request.refused',
      is_failure: true,
      actor_id: reviewer.refId,
      target_id: 'PATCH /registry/tenants/:ref',
      metadata: { status: 403, code: 'forbidden' },
      source_ip: '127.0.0.1',
    })
  })

  it('also when the header or the only membership named the tenant, and when SQL refused', async () => {
    const [reviewer, member] = [await makePerson(), await makePerson()]
    const refusing = await makeTenant({ owner, reviewer, member })
    const rows = await recorded(refusing.id, async () => {
      const log = { body: { event_type: 'x.y' }, token: reviewer.token }
      expect((await call('/usage/events', { ...log, tenant: refusing.ref_id })).status).toBe(403)
      expect((await call('/usage/events', log)).status).toBe(403)
      // 409: the last owner.
      const self = `/registry/tenants/${refusing.slug}/members/${owner.refId}`
      expect((await call(self, { method: 'DELETE', token: owner.token })).status).toBe(409)
    })
    expect(rows.map((row) => row.metadata)).toEqual([
      { status: 403, code: 'forbidden' },
      { status: 403, code: 'forbidden' },
      { status: 409, code: 'last_owner' },
    ])
  })

  it('of a stranger, of nobody, of a body that does not fit, or of a read leaves nothing', async () => {
    const [stranger, reviewer] = [await makePerson(), await makePerson()]
    await makeTenant({ owner: stranger })
    const refusing = await makeTenant({ owner, reviewer })
    const rows = await recorded(refusing.id, async () => {
      expect((await rename(stranger, refusing.slug)).status).toBe(404)
      expect((await call(`/registry/tenants/${refusing.slug}`, { method: 'PATCH', body: {} })).status).toBe(
        401,
      )
      expect(
        (
          await call(`/registry/tenants/${refusing.slug}`, {
            method: 'PATCH',
            token: owner.token,
            body: { x: 1 },
          })
        ).status,
      ).toBe(422)
      expect((await call(`/registry/tenants/${refusing.slug}/audit`, { token: reviewer.token })).status).toBe(
        403,
      )
    })
    expect(rows).toEqual([])
  })

  it('of somebody suspended is recorded: they are no stranger', async () => {
    const member = await makePerson()
    const refusing = await makeTenant({ owner, member })
    await admin.query(`update public.tenant_members set status = 'deactivated' where user_id = $1`, [
      member.id,
    ])
    const rows = await recorded(refusing.id, () => rename(member, refusing.slug))
    expect(rows.map((row) => row.metadata)).toEqual([{ status: 404, code: 'tenant_not_found' }])
  })

  it('repeated without end fills no log', async () => {
    const reviewer = await makePerson()
    const refusing = await makeTenant({ owner, reviewer })
    const rows = await recorded(refusing.id, async () => {
      for (let n = 0; n < 40; n++) await rename(reviewer, refusing.slug)
    })
    expect(rows).toHaveLength(30)
    expect(rows.at(-1)!.metadata).toEqual({ status: 403, code: 'forbidden', is_limit_reached: true })
  })
})
