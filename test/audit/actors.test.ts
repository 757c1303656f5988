import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { ulidOf } from '../../lib/db/index.ts'
import { call } from '../kit/call.ts'
import { serviceClient } from '../kit/clients.ts'
import { admin, superuser } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { createTenant, signUpPerson } from '../kit/sign-up.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'

interface Row {
  seq: string
  action: string
  [column: string]: unknown
}

/** What was recorded in a tenant while `work` ran. */
async function recorded(tenantId: string, work: () => PromiseLike<unknown>): Promise<Row[]> {
  const of = (after: string) =>
    superuser.query<Row>('select * from public.audit_log where tenant_id = $1 and seq > $2 order by seq', [
      tenantId,
      after,
    ])
  const before = (await of('0')).rows.at(-1)?.seq ?? '0'
  await work()
  return (await of(before)).rows
}

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  await admin.query(
    `update public.user_profiles set first_name = 'Ada', last_name = 'Test' where user_id = $1`,
    [owner.id],
  )
  tenant = await makeTenant({ owner, reviewer: await makePerson() })
})

describe('one row for one change, with whoever made it', () => {
  it('a person, over a function', async () => {
    const rows = await recorded(tenant.id, () =>
      call(`/registry/tenants/${tenant.slug}`, {
        method: 'PATCH',
        token: owner.token,
        body: { name: 'By function' },
        headers: {
          'user-agent': 'the test/1.0',
          'x-request-id': 'request-0001',
          'x-forwarded-for': '203.0.113.9',
        },
      }),
    )
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      action: 'tenants.updated',
      crud: 'u',
      actor_type: 'user',
      actor_id: owner.refId,
      actor_name: 'Ada Test',
      target_type: 'tenants',
      target_id: tenant.ref_id,
      target_name: 'By function',
      component: 'functions',
      is_failure: false,
      is_anonymous: false,
      // The gateway's word, not the caller's.
      source_ip: '127.0.0.1',
      user_agent: 'the test/1.0',
      request_id: 'request-0001',
      metadata: { changes: { name: { old: tenant.slug, new: 'By function' } } },
    })
  })

  it('a person, over REST', async () => {
    const person = await signUpPerson()
    const { id } = await createTenant(person)
    const rows = await recorded(id, () =>
      person.client.from('campaigns').insert({ tenant_id: id, name: 'By REST' }).throwOnError(),
    )
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      action: 'campaigns.created',
      crud: 'c',
      actor_type: 'user',
      target_name: 'By REST',
      component: 'rest',
      source_ip: '127.0.0.1',
    })
    expect(rows[0]!.user_agent).toBeTruthy()
  })

  it('a person, over rpc, for every row a new tenant is made of', async () => {
    const person = await signUpPerson()
    const { id } = await createTenant(person)
    const { rows } = await superuser.query(
      `select action, actor_type, count(*)::int from public.audit_log where tenant_id = $1 group by 1, 2 order by 1`,
      [id],
    )
    expect(rows).toEqual(
      ['tenant_billing', 'tenant_brands', 'tenant_members', 'tenant_slugs', 'tenants'].map((table) => ({
        action: `${table}.created`,
        actor_type: 'user',
        count: 1,
      })),
    )
  })

  it("the platform's server, with a secret key", async () => {
    const rows = await recorded(tenant.id, () =>
      serviceClient().from('tenants').update({ sales_owner: 'Somebody' }).eq('id', tenant.id).throwOnError(),
    )
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ actor_type: 'service', actor_id: 'service_role', component: 'rest' })
  })

  it('a direct connection', async () => {
    const rows = await recorded(tenant.id, () =>
      admin.query(`update public.tenants set locale = 'de' where id = $1`, [tenant.id]),
    )
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      actor_type: 'system',
      actor_id: 'database',
      actor_name: 'postgres',
      component: 'database',
      source_ip: null,
    })
  })

  it('cron, by the name of its job', async () => {
    const job = `test: rename ${tenant.slug}`
    const rows = await recorded(tenant.id, async () => {
      await admin.query('select cron.schedule($1, $2, $3)', [
        job,
        '1 seconds',
        `update public.tenants set name = 'By cron' where id = '${tenant.id}'`,
      ])
      for (let n = 0; n < 100; n++) {
        await sleep(100)
        const { rows } = await admin.query('select name from public.tenants where id = $1', [tenant.id])
        if (rows[0].name === 'By cron') break
      }
      await admin.query('select cron.unschedule($1)', [job])
    })
    // Renaming it to what it is called already changes nothing.
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      actor_type: 'system',
      actor_id: 'cron',
      actor_name: job,
      component: 'cron',
    })
  })

  it('an API key', async () => {
    const key = '01a1f8ec-83c2-7be7-86dd-637a9aec59da'
    const { rows } = await superuser.query(
      `select (c).actor_type, (c).actor_id from (
         select private.audit_context() as c from (select set_config('role', 'authenticated', true),
           set_config('tenantry.api_key', $1, true) offset 0) as who) as asked`,
      [key],
    )
    expect(rows[0]).toEqual({ actor_type: 'api_key', actor_id: ulidOf(key) })
  })

  it('what changes nothing leaves nothing', async () => {
    const rows = await recorded(tenant.id, () =>
      admin.query('update public.tenants set name = name where id = $1', [tenant.id]),
    )
    expect(rows).toEqual([])
  })
})

describe('where a request came from', () => {
  const contextOf = async (headers: object | null) => {
    const { rows } = await superuser.query(
      `select (c).source_ip, (c).user_agent, (c).request_id from (
         select private.audit_context() as c from (select set_config('request.headers', $1, true) offset 0) as h) as asked`,
      [headers && JSON.stringify(headers)],
    )
    return rows[0]
  }
  it.each<[string, string | null]>([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7, 10.0.0.1', '203.0.113.7'],
    ['203.0.113.7:51234', '203.0.113.7'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['203.0.113.7/8', '203.0.113.7'],
    ['unknown', null],
    ["'; drop table x", null],
    ['', null],
  ])('%s is %s', async (forwarded, address) => {
    expect((await contextOf({ 'x-forwarded-for': forwarded })).source_ip).toBe(address)
  })
  it('is cut to size and cleaned', async () => {
    const seen = await contextOf({
      'user-agent': `a\u0007${'b'.repeat(1000)}`,
      'x-request-id': 'no good id!',
    })
    expect(seen.user_agent).toBe(`a${'b'.repeat(399)}`)
    expect(seen.request_id).toBeNull()
    expect(await contextOf({})).toEqual({ source_ip: null, user_agent: null, request_id: null })
  })
})

describe('secrets and personal data', () => {
  it('of a participant: only that they changed', async () => {
    const { rows: made } = await admin.query<{ id: string }>(
      `insert into public.participant_sessions (tenant_id, email, full_name, token_hash)
       values ($1, 'who@example.com', 'Who Ever', sha256('x')) returning id`,
      [tenant.id],
    )
    const rows = await recorded(tenant.id, () =>
      admin.query(
        `update public.participant_sessions set email = 'other@example.com', full_name = 'What Ever', client_status = 'started'
         where id = $1`,
        [made[0]!.id],
      ),
    )
    expect(rows[0]!.metadata).toEqual({
      changes: {
        email: { is_redacted: true },
        full_name: { is_redacted: true },
        client_status: { old: 'registered', new: 'started' },
      },
    })
    const { rows: all } = await superuser.query(
      `select from public.audit_log where tenant_id = $1 and (metadata::text || coalesce(target_name, '')) ~ 'example.com|Ever'`,
      [tenant.id],
    )
    expect(all).toEqual([])
  })

  it('in a text of another name, and within JSON', async () => {
    const rows = await recorded(tenant.id, () =>
      admin.query(
        `update public.tenants set sales_owner = 'Sam', status_reason = 'sales@example.com', metadata = $2 where id = $1`,
        [
          tenant.id,
          JSON.stringify({
            apiKey: 'k',
            deep: [{ contactEmail: 'x@example.com', note: 'call me at me@example.com' }],
            fine: 1,
          }),
        ],
      ),
    )
    const { changes } = rows[0]!.metadata as { changes: Record<string, { new: unknown }> }
    expect(changes.sales_owner).toEqual({ is_redacted: true })
    expect(changes.status_reason!.new).toBe('[redacted]')
    expect(changes.metadata!.new).toEqual({
      apiKey: '[redacted]',
      deep: [{ contactEmail: '[redacted]', note: '[redacted]' }],
      fine: 1,
    })
  })

  it.each([
    ...[
      'token_hash',
      'secret',
      'client_secret_id',
      'password',
      'email',
      'coach_email',
      'email_config',
      'verification_token',
    ],
    ...[
      'full_name',
      'phone',
      'billing_name',
      'billing_address',
      'gst_number',
      'accessToken',
      'api_key',
      'lastName',
    ],
  ])('%s is kept out by its name', async (name) => {
    const { rows } = await superuser.query(
      'select private.is_sensitive($1) as is, private.redact_json(jsonb_build_object($1::text, 1)) ->> $1 as kept',
      [name],
    )
    expect(rows[0]).toEqual({ is: true, kept: '[redacted]' })
  })
  it.each(['name', 'slug', 'host', 'status', 'tokens_used', 'role', 'display_name', 'expires_at'])(
    '%s is not',
    async (name) => {
      const { rows } = await superuser.query('select private.is_sensitive($1) as is', [name])
      expect(rows[0].is).toBe(false)
    },
  )

  it('a value that is very long is left out', async () => {
    const rows = await recorded(tenant.id, () =>
      admin.query('update public.tenants set metadata = $2 where id = $1', [
        tenant.id,
        JSON.stringify({ x: 'y'.repeat(5000) }),
      ]),
    )
    expect(JSON.stringify(rows[0]!.metadata)).toContain('"new":"[too long]"')
  })
})

describe('a refused change', () => {
  const rename = (person: Person, ref = tenant.slug) =>
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
