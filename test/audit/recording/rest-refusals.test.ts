import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { superuser } from '../../kit/db.ts'
import { eventually } from '../../kit/eventually.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { recorded } from './recorded.ts'

// PostgREST has one transaction a request, and a refusal rolls it back. What is left is a line in the log of Postgres.

const stack = inject('stack')
let owner: Person
let reviewer: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  reviewer = await makePerson()
  tenant = await makeTenant({ owner, reviewer })
})

async function rpc(name: string, body: object, person?: Person) {
  const requestId = randomUUID()
  const response = await fetch(`${stack.api_url}/rest/v1/rpc/${name}`, {
    method: 'POST',
    headers: {
      apikey: stack.publishable_key,
      'content-type': 'application/json',
      'x-request-id': requestId,
      ...(person && { authorization: `Bearer ${person.token}` }),
    },
    body: JSON.stringify(body),
  })
  return { status: response.status, answer: (await response.json()) as { message: string }, requestId }
}

/** What the log says of a request. Other tests write to it as well. */
async function linesOf(requestId: string): Promise<unknown[]> {
  const log = await readFile(join(stack.data_dir, 'postgres.log'), 'utf8')
  return log
    .split('\n')
    .filter((line) => line.includes(requestId))
    .map((line) => JSON.parse(line.slice(line.indexOf('tenantry refusal ') + 'tenantry refusal '.length)))
}

describe('a refusal over REST', () => {
  it('leaves a line that says who was refused what, in which tenant, and no row', async () => {
    let refused: Awaited<ReturnType<typeof rpc>> | undefined
    const rows = await recorded(tenant.id, async () => {
      refused = await rpc('rename_tenant_slug', { tenant_id: tenant.id, slug: 'never-this' }, reviewer)
    })
    expect(refused).toMatchObject({ status: 403, answer: { message: 'forbidden' } })
    expect(rows).toEqual([])
    const { requestId } = refused!
    await eventually(async () => expect(await linesOf(requestId)).toHaveLength(1))
    expect(await linesOf(requestId)).toEqual([
      {
        status: 403,
        code: 'forbidden',
        actor_id: reviewer.refId,
        tenant: tenant.ref_id,
        route: expect.stringMatching(/^POST .*\/rpc\/rename_tenant_slug$/),
        request_id: requestId,
      },
    ])
  })

  it('also where the permission was held and something else refused', async () => {
    const { status, answer, requestId } = await rpc(
      'change_tenant_status',
      { tenant_id: tenant.id, status: 'trial' },
      owner,
    )
    expect([status, answer.message]).toEqual([409, 'invalid_status_move'])
    await eventually(async () => expect(await linesOf(requestId)).toHaveLength(1))
    expect(await linesOf(requestId)).toMatchObject([
      { code: 'invalid_status_move', actor_id: owner.refId, tenant: tenant.ref_id },
    ])
  })

  it('of a stranger says whom, and what they tried to reach', async () => {
    const stranger = await makePerson()
    const { status, requestId } = await rpc(
      'rename_tenant_slug',
      { tenant_id: tenant.id, slug: 'x-y-z' },
      stranger,
    )
    expect(status).toBe(404)
    await eventually(async () => expect(await linesOf(requestId)).toHaveLength(1))
    expect(await linesOf(requestId)).toMatchObject([{ actor_id: stranger.refId, code: 'tenant_not_found' }])
  })

  it('leaves no line when nothing was attempted: a value that does not fit, and an answer', async () => {
    const wrong = await rpc('rename_tenant_slug', { tenant_id: tenant.id, slug: 'Not A Slug' }, owner)
    expect(wrong.status).toBe(422)
    const fine = await rpc('read_tenant_account', { tenant_id: tenant.id }, owner)
    expect(fine.status).toBe(200)
    // Written after the two, so the log has by now what it would have of them.
    const last = await rpc('rename_tenant_slug', { tenant_id: tenant.id, slug: 'never-this' }, reviewer)
    await eventually(async () => expect(await linesOf(last.requestId)).toHaveLength(1))
    expect([...(await linesOf(wrong.requestId)), ...(await linesOf(fine.requestId))]).toEqual([])
  })
})

// There its refusal is a row. So whoever wants every attempt of their people in the audit log loses nothing by the routes.
it('whatever a function changes over REST can be changed by a route', async () => {
  const { rows } = await superuser.query<{ name: string }>(
    `select proname as name from pg_proc where pronamespace = 'public'::regnamespace and provolatile = 'v'
       and prorettype <> 'trigger'::regtype and has_function_privilege('authenticated', oid, 'execute')`,
  )
  const files = await readdir('lib', { recursive: true, withFileTypes: true })
  const sources = await Promise.all(
    files
      .filter((file) => file.isFile() && file.name.endsWith('.ts'))
      .map((file) => readFile(join(file.parentPath, file.name), 'utf8')),
  )
  const called = sources.join('\n')
  expect(rows.length).toBeGreaterThan(15)
  const elsewhere = rows.map(({ name }) => name).filter((name) => !called.includes(`public.${name}(`))
  expect(elsewhere).toEqual([])
})
