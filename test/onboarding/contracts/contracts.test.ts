import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin, asUser, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { closeTenant, ready } from './world.ts'

const stack = inject('stack')
let owner: Person
let manager: Person
let member: Person
let tenant: Tenant
beforeEach(async () => {
  ;[owner, manager, member] = (await Promise.all([1, 2, 3].map(makePerson))) as [Person, Person, Person]
  tenant = await makeTenant({ owner, admin: manager, member })
})
const path = (rest = '') => `/onboarding/tenants/${tenant.slug}/contract${rest}`
const as = ({ token }: Person) => ({ token })
const accept = (person: Person, sha256: string, agreed: unknown = true) =>
  call(path('/acceptance'), { ...as(person), body: { sha256, agreed } })
const opens = async () => (await call(`/registry/tenants/${tenant.slug}`, as(owner))).status

describe('a tenant whose contract waits', () => {
  it('is closed to its people: by functions with the reason, and by the REST API without a row', async () => {
    await closeTenant(tenant)
    for (const person of [owner, manager, member])
      for (const [route, header] of [
        [`/registry/tenants/${tenant.slug}`, undefined],
        ['/notifications', tenant.slug],
        ['/usage/subscriptions', tenant.slug],
        // It is their only tenant, so nobody has to name it.
        ['/notifications', undefined],
      ] as const) {
        const answer = await call(route, { ...as(person), ...(header && { tenant: header }) })
        expect(await problemOf(answer), route).toMatchObject({ status: 403, code: 'contract_not_accepted' })
      }
    await asUser(owner.id, async (db) => {
      for (const table of ['tenants', 'tenant_members', 'tenant_billing', 'notifications', 'campaigns'])
        expect((await db.query(`select from public.${table}`)).rowCount, table).toBe(0)
      expect((await db.query('update public.tenant_brands set is_active = false')).rowCount).toBe(0)
    })
  })

  it('is closed to its API keys', async () => {
    const made = await call(`/registry/tenants/${tenant.slug}/api-keys`, {
      ...as(owner),
      body: { name: 'Server', scopes: ['usage:write', 'tenant:read'] },
    })
    const { key } = (await made.json()) as { key: string }
    const log = () => call('/usage/events', { token: key, body: { type: 'llm.call' } })
    expect((await log()).status).toBeLessThan(300)
    await closeTenant(tenant)
    expect(await problemOf(await log())).toMatchObject({ status: 403, code: 'contract_not_accepted' })
  })

  it('can be left, and taken along', async () => {
    await closeTenant(tenant)
    const exported = await call(`/registry/tenants/${tenant.slug}/export`, as(owner))
    expect([exported.status, (await exported.text()).includes(tenant.slug)]).toEqual([200, true])
    await asUser(member.id, async (db) => {
      await db.query('select public.leave_tenant($1)', [tenant.id])
      expect((await db.query('select private.tenant_ids($1) as ids', ['leave'])).rows).toEqual([{ ids: [] }])
    })
  })

  it('does not close the other tenants of its people', async () => {
    const other = await makeTenant({ owner })
    await closeTenant(tenant)
    expect((await call(`/registry/tenants/${other.slug}`, as(owner))).status).toBe(200)
  })

  it('is open to the platform', async () => {
    await closeTenant(tenant)
    const answer = await call(`/registry/tenants/${tenant.slug}/plan`, {
      method: 'PUT',
      apikey: stack.secret_key,
      body: { plan: 'business' },
    })
    expect(answer.status).toBe(200)
  })
})

describe('the contract', () => {
  it('is read by a link that ends, and is the file of its hash', async () => {
    const { pdf_sha256, pdf_s3_key, ref_id } = await closeTenant(tenant)
    expect(pdf_s3_key).toBe(`${tenant.ref_id}/contracts/${ref_id}/v1.0.pdf`)
    expect(await (await call(path(), as(manager))).json()).toMatchObject({
      ref_id,
      status: 'pending_acceptance',
      template_version: 'v1.0',
      pdf_sha256,
    })
    const link = (await (await call(path('/pdf'), as(owner))).json()) as { url: string; expires_at: string }
    expect(Date.parse(link.expires_at) - Date.now()).toBeLessThanOrEqual(60_000)
    const pdf = await fetch(link.url)
    expect(pdf.headers.get('content-type')).toBe('application/pdf')
    const bytes = Buffer.from(await pdf.arrayBuffer())
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(pdf_sha256)
    // Without the signature, or with another one, nobody gets it.
    const bare = link.url.replace(/\?.*/, '')
    for (const url of [
      bare,
      `${bare}?token=x`,
      link.url.replace(/.{5}$/, 'AAAAA'),
      bare.replace('/sign/', '/'),
    ])
      expect(
        (await fetch(url, { headers: { apikey: stack.publishable_key } })).status,
      ).toBeGreaterThanOrEqual(400)
  })

  it('is for owners and admins', async () => {
    await closeTenant(tenant)
    for (const rest of ['', '/pdf', '/evidence'])
      expect(await problemOf(await call(path(rest), as(member)))).toMatchObject({
        status: 403,
        code: 'forbidden',
      })
    expect((await call(path(), as(await makePerson()))).status).toBe(404)
  })

  it('is none in a tenant that was never asked', async () => {
    expect(await problemOf(await call(path(), as(owner)))).toMatchObject({ status: 404, code: 'not_found' })
    expect(await problemOf(await accept(owner, '0'.repeat(64)))).toMatchObject({ status: 404 })
    expect(await opens()).toBe(200)
  })
})

describe('accepting', () => {
  it('opens the tenant, and leaves what proves it', async () => {
    const { pdf_sha256, ref_id } = await closeTenant(tenant)
    const accepted = await call(path('/acceptance'), {
      ...as(manager),
      headers: { 'user-agent': 'a browser/1.0' },
      body: { sha256: pdf_sha256, agreed: true },
    })
    expect(await accepted.json()).toMatchObject({ ref_id, status: 'accepted' })
    expect(await opens()).toBe(200)
    const { rows } = await admin.query(
      `select contract_accepted_at = c.accepted_at as same, contract_pending_at
       from public.tenants as t join public.contracts as c on c.tenant_id = t.id where t.id = $1`,
      [tenant.id],
    )
    expect(rows).toEqual([{ same: true, contract_pending_at: null }])
    const evidence = (await (await call(path('/evidence'), as(owner))).json()) as {
      log: { seq: number; hash: string }
    }
    expect(evidence).toMatchObject({
      contract: { pdf_sha256, status: 'accepted' },
      accepted_by: manager.refId,
      accepted_user_agent: 'a browser/1.0',
      accepted_ip: expect.stringMatching(/127\.0\.0\.1|::1/),
      log: { action: 'contract.accepted', actor_id: manager.refId },
    })
    const log = await admin.query(
      'select hash, metadata from public.audit_log where tenant_id = $1 and seq = $2',
      [tenant.id, evidence.log.seq],
    )
    expect(log.rows).toEqual([
      { hash: evidence.log.hash, metadata: { template_version: 'v1.0', pdf_sha256 } },
    ])
  })

  it('twice is once, also by two people at the same moment', async () => {
    const { pdf_sha256 } = await closeTenant(tenant)
    const answers = await Promise.all(
      [owner, manager, owner, manager].map((person) => accept(person, pdf_sha256)),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const first = await ready(tenant.id)
    await accept(owner, pdf_sha256)
    await accept(manager, pdf_sha256)
    expect((await ready(tenant.id)).accepted_by).toBe(first.accepted_by)
    const { rows } = await admin.query(
      `select (select count(*)::int from public.webhook_events where tenant_id = $1 and type = 'contract.accepted') as events,
         (select count(*)::int from public.audit_log where tenant_id = $1 and action = 'contract.accepted') as recorded`,
      [tenant.id],
    )
    expect(rows).toEqual([{ events: 1, recorded: 1 }])
  })

  it.each([
    ['another hash', { sha256: 'f'.repeat(64), agreed: true }, 409, 'contract_changed'],
    ['no hash', { agreed: true }, 422, 'invalid_body'],
    ['a hash that is none', { sha256: 'yes', agreed: true }, 422, 'invalid_body'],
    ['no agreement', { sha256: 'f'.repeat(64), agreed: false }, 422, 'invalid_body'],
  ])('with %s changes nothing', async (_what, body, status, code) => {
    await closeTenant(tenant)
    expect(await problemOf(await call(path('/acceptance'), { ...as(owner), body }))).toMatchObject({
      status,
      code,
    })
    expect(await opens()).toBe(403)
  })

  it('needs its PDF', async () => {
    await admin.query(
      `insert into public.contracts (tenant_id, template_version, details, next_render_at) values ($1, 'v1.0', '{}', 'infinity')`,
      [tenant.id],
    )
    for (const answer of [await accept(owner, '0'.repeat(64)), await call(path('/pdf'), as(owner))])
      expect(await problemOf(answer)).toMatchObject({ status: 409, code: 'contract_not_ready' })
  })

  it('is asked anew by the platform alone, and then of another contract', async () => {
    const first = await closeTenant(tenant)
    await accept(owner, first.pdf_sha256)
    const asked = await call(path(), { ...as(owner), method: 'POST' })
    expect(asked.status).toBe(403)
    const second = await closeTenant(tenant)
    expect(second.ref_id).not.toBe(first.ref_id)
    expect(await opens()).toBe(403)
    expect(await problemOf(await accept(owner, first.pdf_sha256))).toMatchObject({ code: 'contract_changed' })
    expect((await accept(owner, second.pdf_sha256)).status).toBe(200)
    const { rows } = await admin.query(
      'select status from public.contracts where tenant_id = $1 order by id',
      [tenant.id],
    )
    expect(rows.map(({ status }) => status)).toEqual(['superseded', 'accepted'])
  })
})

describe('cron', () => {
  it('reminds once of a contract that has waited for three days', async () => {
    await closeTenant(tenant)
    await admin.query(
      `update public.contracts set created_at = now() - interval '3 days' where tenant_id = $1`,
      [tenant.id],
    )
    for (const _ of [1, 2]) await admin.query('select private.remind_of_contracts()')
    const { rows } = await admin.query(
      `select user_id from public.notifications where tenant_id = $1 and type = 'contract.waiting' order by user_id`,
      [tenant.id],
    )
    expect(rows.map(({ user_id }) => user_id)).toEqual([owner.id, manager.id].sort())
  })

  it('removes files of contracts that are gone, and no other', async () => {
    const [old, fresh, kept] = await Promise.all([
      closeTenant(tenant),
      makeTenant({ owner }).then(closeTenant),
      makeTenant({ owner }).then(closeTenant),
    ])
    const keys = [old, fresh, kept].map(({ pdf_s3_key }) => pdf_s3_key)
    await admin.query('delete from public.contracts where ref_id = any ($1)', [[old.ref_id, fresh.ref_id]])
    const age = (key: string | undefined, hours: number) =>
      superuser.query(
        `update storage.objects set created_at = now() - make_interval(hours => $2), updated_at = now() - make_interval(hours => $2)
         where bucket_id = 'contracts' and name = $1`,
        [key, hours],
      )
    await Promise.all([age(keys[0], 25), age(keys[1], 23), age(keys[2], 1_000)])
    expect(await Promise.all(keys.map(hasFile))).toEqual([true, true, true])
    const sweep = async () =>
      (await call('/registry/files/sweep', { method: 'POST', apikey: stack.secret_key })).status
    expect(await sweep()).toBe(200)
    expect(await Promise.all(keys.map(hasFile))).toEqual([false, true, true])
    expect(await sweep()).toBe(200)
    expect(await Promise.all(keys.map(hasFile))).toEqual([false, true, true])
  })
})

async function hasFile(key: string): Promise<boolean> {
  const answer = await fetch(`${stack.api_url}/storage/v1/object/contracts/${key}`, {
    headers: { apikey: stack.secret_key, authorization: `Bearer ${stack.secret_key}` },
  })
  await answer.body?.cancel()
  return answer.ok
}
