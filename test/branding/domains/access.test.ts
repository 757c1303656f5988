import { beforeEach, describe, expect, inject, it } from 'vitest'
import { problemOf } from '../../kit/call.ts'
import { admin, asUser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { domainsOf, freshHost } from './world.ts'

let owner: Person
let tenant: Tenant
let domains: ReturnType<typeof domainsOf>
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  domains = domainsOf(owner, tenant)
})

describe('who may', () => {
  it('manage: owners and admins; members and reviewers read', async () => {
    const [admin, member, reviewer] = [await makePerson(), await makePerson(), await makePerson()]
    const shared = await makeTenant({ owner, admin, member, reviewer })
    const domain = await domainsOf(owner, shared).add()
    for (const [person, isManager] of [
      [admin, true],
      [member, false],
      [reviewer, false],
    ] as const) {
      const theirs = domainsOf(person, shared)
      expect(await theirs.list()).toHaveLength(1)
      if (isManager) continue
      for (const refused of [
        theirs.tryToAdd(freshHost()),
        theirs.tryToVerify(domain),
        theirs.tryToMakePrimary(domain),
        theirs.tryToRemove(domain),
      ])
        expect(await problemOf(await refused)).toMatchObject({ status: 403, code: 'forbidden' })
    }
    expect((await domainsOf(admin, shared).tryToRemove(domain)).status).toBe(204)
  })

  it.each([
    ['frozen', 403, 'tenant_frozen'],
    ['trial', 403, 'trial_ended'],
    ['archived', 404, 'tenant_not_found'],
  ] as const)('of a tenant that is %s: refused with %i %s', async (status, refused, code) => {
    const still = await makeTenant({ owner, status })
    const { rows } = await admin.query<{ ref_id: string }>(
      'insert into public.tenant_domains (tenant_id, host) values ($1, $2) returning ref_id',
      [still.id, freshHost()],
    )
    const [theirs, ref] = [domainsOf(owner, still), rows[0]?.ref_id ?? '']
    for (const attempt of [
      theirs.tryToAdd(freshHost()),
      theirs.tryToVerify(ref),
      theirs.tryToMakePrimary(ref),
      theirs.tryToRemove(ref),
    ])
      expect(await problemOf(await attempt)).toMatchObject({ status: refused, code })
  })

  it('reach another tenant’s domain: nobody, whichever tenant is named', async () => {
    const stranger = await makePerson()
    const strangers = domainsOf(stranger, await makeTenant({ owner: stranger }))
    const domain = await domains.addVerified()
    for (const theirs of [strangers, domainsOf(stranger, tenant)])
      for (const attempt of [
        theirs.tryToVerify(domain),
        theirs.tryToMakePrimary(domain),
        theirs.tryToRemove(domain),
      ])
        expect((await attempt).status).toBe(404)
    for (const ref of ['nonsense', '00000000000000000000000000', '%2e%2e', domain.ref_id.toLowerCase()])
      expect((await domains.tryToVerify(ref)).status).toBe(404)
    expect(await domains.find(domain)).toMatchObject({ status: 'verified' })
  })

  it('write to the table: nobody but the service', async () => {
    const domain = await domains.add()
    const attempts = [
      `update public.tenant_domains set status = 'verified', verified_at = now() where ref_id = '${domain.ref_id}'`,
      `update public.tenant_domains set verification_token = 'x' where ref_id = '${domain.ref_id}'`,
      `insert into public.tenant_domains (tenant_id, host) values ('${tenant.id}', '${freshHost()}')`,
      `delete from public.tenant_domains where ref_id = '${domain.ref_id}'`,
      `select private.record_domain_check('${tenant.id}', private.ulid_to_uuid('${domain.ref_id}'), array['${domain.record.value}'])`,
      `select private.claim_due_domain_checks()`,
      `select private.settle_primary_domain('${tenant.id}')`,
      `select private.request_domain_checks()`,
    ]
    for (const sql of attempts)
      await expect(
        asUser(owner.id, (db) => db.query(sql)),
        sql,
      ).rejects.toMatchObject({ code: '42501' })
    const rest = await fetch(`${inject('stack').api_url}/rest/v1/tenant_domains?ref_id=eq.${domain.ref_id}`, {
      method: 'PATCH',
      headers: {
        apikey: inject('stack').publishable_key,
        authorization: `Bearer ${owner.token}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ status: 'verified', verified_at: new Date().toISOString() }),
    })
    expect(rest.status).toBe(403)
    expect(await domains.find(domain)).toEqual(domain)
  })
})
