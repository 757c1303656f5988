import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { functionNames, routesOf } from '../../http/apps.ts'
import { call, problemOf } from '../../kit/call.ts'
import { superuser } from '../../kit/db.ts'
import { makeOperator, makePerson, type Person, secondFactorToken, signToken } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

// Who is an operator: a manager of the platform's own tenant, with a second factor. test/routes.test.ts tries every route
// with every kind of caller; here is what somebody could try to become one.

const secret = { apikey: inject('stack').secret_key }
const routes = (await Promise.all(functionNames.map(routesOf)))
  .flat()
  .filter(({ access }) => access?.auth === 'operator')

let owner: Person
let tenant: Tenant
let operator: Awaited<ReturnType<typeof makeOperator>>
const appointed: string[] = []
async function appoint(...role: Parameters<typeof makeOperator>) {
  const person = await makeOperator(...role)
  appointed.push(person.id)
  return person
}
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  operator = await appoint('owner')
})
afterAll(() =>
  superuser.query(
    `with kept as (select set_config('session_replication_role', 'replica', true))
     delete from public.tenant_members using kept where tenant_id = private.platform_tenant_id() and user_id = any ($1)`,
    [appointed],
  ),
)

const find = async (token: string) => {
  const response = await call(`/registry/operator/tenants?q=${tenant.slug}`, { token })
  return response.ok ? 'found' : (await problemOf(response)).code
}

describe('every route of operators', () => {
  it('is one of these', () => {
    expect(routes.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual([
      'GET /registry/audit',
      'GET /registry/operator/queues',
      'GET /registry/operator/tenants',
      'GET /registry/tenants/:ref/state',
      'PUT /registry/tenants/:ref/plan',
      'PUT /registry/tenants/:ref/status',
      'PUT /registry/tenants/:ref/trial',
    ])
  })

  it.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    '%s is closed to those who are none, before it looks at what they sent',
    async (_name, { method, path }) => {
      const [gone, plain, reviewer, elsewhere] = await Promise.all([
        appoint(),
        appoint('member'),
        appoint('reviewer'),
        makePerson(),
      ])
      await superuser.query('delete from public.tenant_members where user_id = $1', [gone.id])
      const suspended = await appoint()
      await superuser.query(`update public.tenant_members set status = 'deactivated' where user_id = $1`, [
        suspended.id,
      ])
      await makeTenant({ owner: elsewhere })
      const answer = async (token?: string) => {
        const body = method === 'GET' ? {} : { body: { no: 'such field' } }
        return problemOf(
          await call(path.replace(':ref', tenant.slug), {
            method,
            ...(token !== undefined && { token }),
            ...body,
          }),
        )
      }
      expect(await answer()).toMatchObject({ status: 401, code: 'unauthenticated' })
      expect(await answer(operator.passwordToken)).toMatchObject({
        status: 403,
        code: 'second_factor_required',
      })
      const others = [gone, plain, reviewer, suspended, elsewhere, owner]
      for (const person of others)
        for (const token of [person.token, await secondFactorToken(person)])
          expect(await answer(token)).toMatchObject({ status: 403, code: 'forbidden' })
    },
  )
})

describe('nobody becomes an operator', () => {
  it('by a claim of their own', async () => {
    const { id, email } = operator
    const claims: Record<string, unknown>[] = [
      { user_metadata: { aal: 'aal2' } },
      { app_metadata: { aal: 'aal2' } },
      { aal: 'AAL2' },
      { aal: 'aal1', amr: [{ method: 'totp', timestamp: 1 }] },
      { aal: 'aal1', is_operator: true },
    ]
    for (const more of claims)
      expect(await find(await signToken({ sub: id, email, ...more })), JSON.stringify(more)).toBe(
        'second_factor_required',
      )
    const anybody = await makePerson()
    const forged = { sub: anybody.id, aal: 'aal2', is_operator: true, acting_key: operator.id }
    expect(await find(await signToken(forged))).toBe('forbidden')
    expect(await find(await signToken({ ...forged, role: 'service_role' }))).toBe('unauthenticated')
  })

  it('by an operator who has only a password', async () => {
    const at = '/registry/tenants/tenantry'
    const friend = await makePerson()
    const invite = (token: string) =>
      call(`${at}/invitations`, { token, body: { email: friend.email, role: 'admin' } })
    expect(await problemOf(await invite(operator.passwordToken))).toMatchObject({
      status: 403,
      code: 'second_factor_required',
    })
    const made = await invite(operator.token)
    expect(made.status).toBe(201)
    // Reading who is there takes none, and changing it does, by any way.
    expect((await call(`${at}/members`, { token: operator.passwordToken })).status).toBe(200)
    const plain = await appoint('member')
    const rest = (token: string) =>
      fetch(`${inject('stack').api_url}/rest/v1/tenant_members?user_id=eq.${plain.id}`, {
        method: 'PATCH',
        headers: {
          apikey: inject('stack').publishable_key,
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          prefer: 'return=representation',
        },
        body: JSON.stringify({ role: 'admin' }),
      }).then((response) => response.json())
    expect(await rest(operator.passwordToken)).toEqual([])
    expect(await rest(operator.token)).toMatchObject([{ role: 'admin' }])
  })

  it('but by accepting an invitation, and then with a second factor', async () => {
    const friend = await makePerson()
    await superuser.query('update auth.users set email_confirmed_at = now() where id = $1', [friend.id])
    const made = await call('/registry/tenants/tenantry/invitations', {
      token: operator.token,
      body: { email: friend.email, role: 'admin' },
    })
    const { token } = (await made.json()) as { token: string }
    expect(
      (await call('/registry/invitations/accept', { token: friend.token, body: { token } })).status,
    ).toBe(200)
    appointed.push(friend.id)
    expect(await find(friend.token)).toBe('second_factor_required')
    expect(await find(await secondFactorToken(friend))).toBe('found')
    await call(`/registry/tenants/tenantry/members/${friend.refId}`, {
      method: 'DELETE',
      token: operator.token,
    })
    expect(await find(await secondFactorToken(friend))).toBe('forbidden')
  })
})

describe('the first operator', () => {
  const appointByMail = (email: string) =>
    superuser.query('select private.appoint_operator($1)', [email]).then(
      () => 'appointed',
      (error: Error) => error.message,
    )

  it('is appointed in the SQL editor, by the address of a confirmed account', async () => {
    const person = await makePerson()
    expect(await appointByMail(person.email)).toMatch(/confirm it/)
    await superuser.query('update auth.users set email_confirmed_at = now() where id = $1', [person.id])
    appointed.push(person.id)
    expect(await appointByMail(` ${person.email.toUpperCase()} `)).toBe('appointed')
    expect(await appointByMail(person.email)).toBe('appointed')
    expect(await find(person.token)).toBe('second_factor_required')
    expect(await find(await secondFactorToken(person))).toBe('found')
  })

  it('is not somebody whom a provider of a tenant says to have that address', async () => {
    const person = await makePerson()
    await superuser.query(
      'update auth.users set email_confirmed_at = now(), is_sso_user = true where id = $1',
      [person.id],
    )
    expect(await appointByMail(person.email)).toMatch(/nobody has an account/)
    expect(await appointByMail('nobody@example.com')).toMatch(/nobody has an account/)
    expect(await appointByMail('')).toMatch(/nobody has an account/)
  })
})

describe('what an operator may is bound to the routes', () => {
  const rest = (path: string, init: RequestInit = {}) =>
    fetch(`${inject('stack').api_url}/rest/v1/${path}`, {
      ...init,
      headers: {
        apikey: inject('stack').publishable_key,
        authorization: `Bearer ${operator.token}`,
        'content-type': 'application/json',
      },
    })

  it('over REST they are a person of the platform and no more', async () => {
    const tenants = (await (await rest('tenants?select=slug')).json()) as { slug: string }[]
    expect(tenants).toEqual([{ slug: 'tenantry' }])
    const frozen = await rest('rpc/change_tenant_status', {
      method: 'POST',
      body: JSON.stringify({ tenant_id: tenant.id, status: 'frozen' }),
    })
    expect(frozen.status).toBe(404)
    for (const name of ['enter_operator', 'appoint_operator', 'look_at_tenant', 'read_queues'])
      expect((await rest(`rpc/${name}`, { method: 'POST', body: '{}' })).status, name).toBe(404)
  })

  it('and in the routes of a tenant they are a stranger', async () => {
    for (const path of ['', '/members', '/audit', '/lifecycle', '/export'])
      expect((await call(`/registry/tenants/${tenant.slug}${path}`, { token: operator.token })).status).toBe(
        404,
      )
    const purge = await call(`/registry/tenants/${tenant.slug}/purge`, { token: operator.token, body: {} })
    expect(await problemOf(purge)).toMatchObject({ status: 403, code: 'forbidden' })
  })

  it('leaves nothing of it on the connection for whoever comes next', async () => {
    const asOwner = () =>
      call('/registry/tenants', { token: owner.token }).then((response) => response.json()) as Promise<{
        tenants: { slug: string }[]
      }>
    const rounds = Array.from({ length: 20 }, async (_, n) => {
      if (n % 2) return expect(await find(operator.token)).toBe('found')
      expect((await asOwner()).tenants.map(({ slug }) => slug)).toEqual([tenant.slug])
    })
    await Promise.all(rounds)
  })

  it('works with a secret key as before', async () => {
    const response = await call(`/registry/tenants/${tenant.slug}/state`, secret)
    expect(response.status).toBe(200)
  })
})
