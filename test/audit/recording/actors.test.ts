import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { ulidOf } from '../../../lib/db/index.ts'
import { call } from '../../kit/call.ts'
import { serviceClient } from '../../kit/clients.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { createTenant, signUpPerson } from '../../kit/sign-up.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { recorded } from './recorded.ts'

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
          'cf-connecting-ip': '203.0.113.9',
          'client-address': '203.0.113.9',
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
    ['203.0.113.7, 10.0.0.1', null],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:51234', '203.0.113.7'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['203.0.113.7/8', '203.0.113.7'],
    ['unknown', null],
    ["'; drop table x", null],
    ['', null],
  ])('%s is %s', async (forwarded, address) => {
    expect((await contextOf({ 'client-address': forwarded })).source_ip).toBe(address)
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
