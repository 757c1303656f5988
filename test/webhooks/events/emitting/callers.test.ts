import { describe, expect, inject, it } from 'vitest'
import { changeBrand } from '../../../branding/brand/editor.ts'
import { call } from '../../../kit/call.ts'
import { admin, rolledBack, superuser } from '../../../kit/db.ts'
import { makePerson, type Person } from '../../../kit/people.ts'
import { forceTenant, makeTenant } from '../../../kit/tenants.ts'
import { toldTo } from '../told.ts'

const stack = inject('stack')

/** A request to the REST API as somebody, or as the service. */
function rest(caller: Person | 'service', path: string, method = 'GET', body?: unknown): Promise<Response> {
  return fetch(`${stack.api_url}/rest/v1/${path}`, {
    method,
    headers:
      caller === 'service'
        ? { apikey: stack.secret_key, 'content-type': 'application/json', prefer: 'return=minimal' }
        : {
            apikey: stack.publishable_key,
            authorization: `Bearer ${caller.token}`,
            'content-type': 'application/json',
          },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

/** The types told in a tenant, those of its making left out. */
const typesOf = async (tenant: string) =>
  (await toldTo(admin, tenant)).map(({ type }) => type).filter((type) => type !== 'member.joined')

describe('a change is told whichever way it comes', () => {
  it("over REST, by a person and by the service, in one's own words and many at once", async () => {
    const member = await makePerson()
    const tenant = await makeTenant({ owner: await makePerson(), member })
    const rows = [1, 2, 3].map((n) => ({
      tenant_id: tenant.id,
      email: `p${n}@example.com`,
      full_name: 'Zoë 😀',
    }))
    expect((await rest(member, 'participant_sessions', 'POST', rows)).status).toBe(201)
    const all = `participant_sessions?tenant_id=eq.${tenant.id}`
    expect((await rest('service', all, 'PATCH', { client_status: 'started' })).ok).toBe(true)
    expect(await typesOf(tenant.id)).toEqual([
      ...Array(3).fill('participant_session.created'),
      ...Array(3).fill('participant_session.status_changed'),
    ])
    const told = await toldTo(admin, tenant.id)
    expect(told.at(-1)!.data).toMatchObject({
      participant_session: { full_name: 'Zoë 😀', status: 'started' },
    })
  })

  it('over REST, where it is refused, it is not told', async () => {
    const [reviewer, stranger] = [await makePerson(), await makePerson()]
    const tenant = await makeTenant({ owner: await makePerson(), reviewer })
    await admin.query('insert into public.participant_sessions (tenant_id) values ($1)', [tenant.id])
    const before = await toldTo(admin, tenant.id)
    for (const person of [reviewer, stranger]) {
      await rest(person, 'participant_sessions', 'POST', { tenant_id: tenant.id, email: 'x@example.com' })
      await rest(person, `participant_sessions?tenant_id=eq.${tenant.id}`, 'PATCH', {
        client_status: 'started',
      })
    }
    expect(await toldTo(admin, tenant.id)).toEqual(before)
  })

  it('through an edge function', async () => {
    const owner = await makePerson()
    const tenant = await makeTenant({ owner })
    const as = { token: owner.token, tenant: tenant.slug }
    await changeBrand(as, { brand: { tagline: 'New' } })
    const { status } = await changeBrand(as, { brand: { colors: { primary: 'red' } } })
    expect(status).toBe(422)
    const key = await call(`/registry/tenants/${tenant.slug}/api-keys`, {
      token: owner.token,
      body: { name: 'Server', scopes: ['usage:write'] },
    })
    expect(key.status).toBe(201)
    const { ref_id, key: secret } = (await key.json()) as { ref_id: string; key: string }
    const told = (await toldTo(admin, tenant.id)).slice(1)
    expect(told.map(({ type }) => type)).toEqual(['brand.updated', 'api_key.created'])
    expect(told[0]!.data).toMatchObject({ changed: ['brand.tagline'] })
    expect(told[1]!.data).toEqual({ api_key: { ref_id, name: 'Server' } })
    expect(secret).toMatch(/^tk_live_/)
    expect(JSON.stringify(told)).not.toContain(secret.slice(8, 16))
  })

  it('through a SQL function', async () => {
    const [owner, member] = [await makePerson(), await makePerson()]
    const tenant = await makeTenant({ owner, member })
    expect((await rest(member, 'rpc/leave_tenant', 'POST', { tenant_id: tenant.id })).ok).toBe(true)
    expect((await toldTo(admin, tenant.id)).at(-1)).toMatchObject({
      type: 'member.removed',
      data: { member: { ref_id: member.refId }, reason: 'removed' },
    })
    // The last owner cannot leave, so nobody was told that they did.
    expect((await rest(owner, 'rpc/leave_tenant', 'POST', { tenant_id: tenant.id })).status).toBe(409)
    expect(await typesOf(tenant.id)).toEqual(['member.removed'])
  })

  it('by the clock, to each tenant its own', async () => {
    const tenants = [await makeTenant({ status: 'trial' }), await makeTenant({ status: 'trial' })]
    for (const { id } of tenants)
      await forceTenant(superuser, id, `trial_ends_at = now() - interval '8 days'`)
    await rolledBack(admin, async (db) => {
      await db.query('select private.freeze_ended_trials(100000)')
      for (const { id, slug, ref_id } of tenants)
        expect((await toldTo(db, id)).map(({ data }) => data)).toEqual([
          { tenant: { slug, ref_id }, old_status: 'trial', new_status: 'frozen' },
        ])
      await db.query(`update public.tenants set frozen_at = now() - interval '31 days' where id = any ($1)`, [
        tenants.map(({ id }) => id),
      ])
      await db.query('select private.archive_frozen_tenants(100000)')
      for (const { id } of tenants) expect((await toldTo(db, id)).length).toBe(1)
    })
  })
})

it('what was told is read by managers, in their own tenant', async () => {
  const [owner, admin_, member, neighbour] = [
    await makePerson(),
    await makePerson(),
    await makePerson(),
    await makePerson(),
  ]
  const tenant = await makeTenant({ owner, admin: admin_, member })
  await makeTenant({ owner: neighbour })
  const read = async (person: Person) =>
    ((await (await rest(person, `webhook_events?tenant_id=eq.${tenant.id}&select=type`)).json()) as unknown[])
      .length
  expect(await Promise.all([owner, admin_, member, neighbour].map(read))).toEqual([3, 3, 0, 0])
})
