import { beforeAll, describe, expect, it } from 'vitest'
import { Tenant, Tenants } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, asUser } from '../../kit/db.ts'
import { makePerson, type Person, type Role, roles } from '../../kit/people.ts'
import { type Tenant as MadeTenant, makeTenant } from '../../kit/tenants.ts'

// The list is made of what the policies ask. Here it is compared with what the functions and the routes refuse.

const states = ['active', 'in trial', 'trial over', 'frozen', 'contract waits'] as const
type State = (typeof states)[number]

const people = {} as Record<Role, Person>
const tenants = {} as Record<State, MadeTenant>
let known: string[]
beforeAll(async () => {
  for (const role of roles) people[role] = await makePerson()
  for (const state of states) {
    const status = ({ 'trial over': 'trial', frozen: 'frozen' } as const)[state as string] ?? 'active'
    tenants[state] = await makeTenant({ ...people, status })
  }
  const set = (state: State, change: string) =>
    admin.query(`update public.tenants set ${change} where id = $1`, [tenants[state].id])
  await admin.query(
    `insert into public.tenants (slug, name, status, plan, trial_ends_at) values ($1, $1, 'trial', 'trial', now() + interval '1 day')`,
    [`${tenants['in trial'].slug}x`],
  )
  const { rows: trial } = await admin.query<MadeTenant>(
    'select id, ref_id, slug from public.tenants where slug = $1',
    [`${tenants['in trial'].slug}x`],
  )
  tenants['in trial'] = trial[0]!
  for (const role of roles)
    await admin.query('insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, $3)', [
      trial[0]!.id,
      people[role].id,
      role,
    ])
  await set('contract waits', 'contract_pending_at = now()')
  const { rows } = await admin.query<{ permission: string }>(
    'select distinct permission from private.role_permissions order by permission',
  )
  known = rows.map(({ permission }) => permission)
})

const inEffect = (person: Person, tenant: MadeTenant): Promise<string[]> =>
  asUser(person.id, async (db) => {
    const { rows } = await db.query<{ permissions: string[] }>(
      'select permissions from private.permissions_in_effect() where tenant_id = $1',
      [tenant.id],
    )
    return rows[0]?.permissions ?? []
  })
const granted = async (person: Person, tenant: MadeTenant): Promise<string[]> => {
  const passed = await Promise.all(
    known.map((permission) =>
      asUser(person.id, (db) =>
        db.query('select private.require_permission($1, $2)', [tenant.id, permission]),
      ).then(
        () => [permission],
        (error: { code: string }) => {
          expect(error.code).toMatch(/^PT40[34]$/)
          return []
        },
      ),
    ),
  )
  return passed.flat()
}

describe.each(states)('the permissions in a tenant (%s)', (state) => {
  it.each(roles)('of the role %s are those that are not refused', async (role) => {
    const permissions = await inEffect(people[role], tenants[state])
    expect(permissions).toEqual(await granted(people[role], tenants[state]))
    expect(permissions).toContain('leave')
  })
})

/** A route for a permission, with what does nothing where it is let in. */
const routes: [permission: string, method: string, path: string, body?: unknown][] = [
  ['read', 'GET', ''],
  ['read_admin', 'GET', '/account'],
  ['manage', 'PATCH', '', { name: 'Renamed' }],
  ['own', 'POST', '/cancel', { reason: 7 }],
]
describe.each(['active', 'in trial', 'trial over', 'frozen'] as const)(
  'what GET tells of a tenant (%s)',
  (state) => {
    it.each(roles)('is what its routes refuse the %s', async (role) => {
      const { token } = people[role]
      const at = `/registry/tenants/${tenants[state].slug}`
      const { permissions } = Tenant.parse(await (await call(at, { token })).json())
      expect(permissions).toEqual(await inEffect(people[role], tenants[state]))
      for (const [permission, method, path, body] of routes) {
        const { status } = await call(at + path, { method, token, body })
        expect([permission, status === 403]).toEqual([permission, !permissions.includes(permission)])
      }
      const list = Tenants.parse(await (await call('/registry/tenants', { token })).json())
      expect(list.tenants.find(({ slug }) => slug === tenants[state].slug)?.permissions).toEqual(permissions)
    })
  },
)

describe('permissions in effect', () => {
  it('end with the membership, and are of one’s own tenants alone', async () => {
    const [owner, stranger] = [await makePerson(), await makePerson()]
    const tenant = await makeTenant({ owner: await makePerson(), admin: owner })
    expect(await inEffect(owner, tenant)).toContain('manage')
    expect(await inEffect(stranger, tenant)).toEqual([])
    await admin.query(
      `update public.tenant_members set status = 'deactivated' where tenant_id = $1 and user_id = $2`,
      [tenant.id, owner.id],
    )
    expect(await inEffect(owner, tenant)).toEqual([])
  })

  it('change with the status, without signing in again', async () => {
    const owner = await makePerson()
    const tenant = await makeTenant({ owner })
    const read = async () =>
      Tenant.parse(await (await call(`/registry/tenants/${tenant.slug}`, { token: owner.token })).json())
        .permissions
    expect(await read()).toContain('manage')
    await admin.query(`update public.tenants set status = 'frozen' where id = $1`, [tenant.id])
    expect(await read()).toEqual(['contract', 'export', 'leave', 'read', 'read_admin', 'read_clients'])
    expect(
      await problemOf(
        await call(`/registry/tenants/${tenant.slug}`, {
          method: 'PATCH',
          token: owner.token,
          body: { name: 'X' },
        }),
      ),
    ).toMatchObject({
      code: 'tenant_frozen',
    })
  })

  it('of a server are none: its scopes say what it may do', async () => {
    const owner = await makePerson()
    const tenant = await makeTenant({ owner })
    const made = await call(`/registry/tenants/${tenant.slug}/api-keys`, {
      token: owner.token,
      body: { name: 'Server', scopes: ['tenant:read'] },
    })
    const { key } = (await made.json()) as { key: string }
    const seen = Tenant.parse(await (await call(`/registry/tenants/${tenant.slug}`, { token: key })).json())
    expect([seen.role, seen.permissions]).toEqual([null, []])
  })
})
