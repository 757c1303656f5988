import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { call } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { byDomain, byGroup, type Company, makeCompany, recorded, roleOf, setRule, signIn } from './world.ts'

let company: Company
beforeEach(async () => {
  company = await makeCompany()
  await setRule(company, byDomain)
})
const path = (rest: string) => `/registry/tenants/${company.tenant.slug}/${rest}`
const update = (columns: string) =>
  admin.query(`update public.tenant_idp_config set ${columns} where tenant_id = $1`, [company.tenant.id])
const asOwner = (rest: string, method: string, body?: object) =>
  call(path(rest), { method, token: company.owner.token, ...(body && { body }) })

describe('whom a rule made a member is none any more', () => {
  it.each<[string, () => Promise<unknown>, reason: string]>([
    ['the rule is off', () => setRule(company, { rule: 'off' }), 'rule_off'],
    ['the rule is another', () => setRule(company, byGroup(['it', 'admin'])), 'no_group'],
    ['the provider is unbound', () => update('sso_provider_id = null'), 'provider_not_bound'],
    [
      'another provider of Auth is bound',
      () => update('sso_provider_id = gen_random_uuid()'),
      'not_of_provider',
    ],
    [
      'the settings of the provider are others',
      () => asOwner('identity-providers/saml', 'PUT', { metadata_url: 'https://other.example/metadata' }),
      'provider_not_bound',
    ],
    ['the provider is removed', () => asOwner('identity-providers/saml', 'DELETE'), 'provider_removed'],
    [
      'the domain is lost',
      () =>
        admin.query(
          `update public.tenant_domains set status = 'failed', is_primary = false where host = $1`,
          [company.host],
        ),
      'domain_not_verified',
    ],
    [
      'the domain is removed',
      () => admin.query('delete from public.tenant_domains where host = $1', [company.host]),
      'domain_not_verified',
    ],
  ])('once %s', async (_what, change, reason) => {
    const { id, token } = await signIn(company)
    expect(await roleOf(company, id)).toBe('member')
    await change()
    expect(await roleOf(company, id)).toBeUndefined()
    expect((await call(path('').slice(0, -1), { token })).status).toBe(404)
    expect((await recorded(company)).at(-1)).toMatchObject({
      ...{ action: 'member.left_by_rule', metadata: { role: 'member', reason } },
    })
  })
  it('though nothing ran when it changed: cron takes it away', async () => {
    const { id } = await signIn(company)
    await superuser.query(`update auth.users set deleted_at = now() where id = $1`, [id])
    expect(await roleOf(company, id)).toBe('member')
    await admin.query('select private.settle_rule_memberships($1)', [company.tenant.id])
    expect(await roleOf(company, id)).toBeUndefined()
    const { rows } = await admin.query(
      `select 1 from cron.job where command like '%settle_rule_memberships%'`,
    )
    expect(rows).toHaveLength(1)
  })
})

describe('stays', () => {
  it('whom people made a member, or an owner', async () => {
    const byHand = await signIn(company)
    await admin.query('delete from public.tenant_members where user_id = $1', [byHand.id])
    await admin.query(
      `insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'reviewer')`,
      [company.tenant.id, byHand.id],
    )
    const raised = await signIn(company)
    await admin.query(`update public.tenant_members set role = 'owner' where user_id = $1`, [raised.id])
    await admin.query(`update public.tenant_members set role = 'admin' where user_id = $1`, [
      company.owner.id,
    ])
    await update(`join_rule = 'off'`)
    await update('sso_provider_id = null')
    await admin.query('delete from public.tenant_idp_config where tenant_id = $1', [company.tenant.id])
    expect(await Promise.all([byHand, raised, company.owner].map(({ id }) => roleOf(company, id)))).toEqual([
      ...['reviewer', 'owner', 'admin'],
    ])
  })
  it('everybody, while the provider only fails a check, or its tenant is frozen', async () => {
    const subject = randomUUID()
    const { id } = await signIn(company, undefined, { subject })
    await update('verified = false, verified_at = null')
    await admin.query(`update public.tenants set status = 'frozen' where id = $1`, [company.tenant.id])
    await signIn(company, undefined, { subject })
    expect(await roleOf(company, id)).toBe('member')
  })
  it('the role that a manager gave, until the rule gives another one', async () => {
    const subject = randomUUID()
    const { id } = await signIn(company, undefined, { subject })
    await admin.query(`update public.tenant_members set role = 'admin' where user_id = $1`, [id])
    await signIn(company, undefined, { subject })
    expect(await roleOf(company, id)).toBe('admin')
    await setRule(company, { ...byDomain, role: 'reviewer' })
    expect(await roleOf(company, id)).toBe('reviewer')
  })
  it('nothing behind of a tenant that is deleted', async () => {
    const { id } = await signIn(company)
    await superuser.query('delete from public.tenants where id = $1', [company.tenant.id])
    expect(await roleOf(company, id)).toBeUndefined()
  })
})

describe('at the same moment', () => {
  it('somebody signs in and the provider is unbound: nobody stays', async () => {
    for (let n = 0; n < 5; n++) {
      const at = await makeCompany()
      await admin.query(
        `update public.tenant_idp_config set join_rule = 'verified_domain' where tenant_id = $1`,
        [at.tenant.id],
      )
      const unbind = () =>
        admin.query('update public.tenant_idp_config set sso_provider_id = null where tenant_id = $1', [
          at.tenant.id,
        ])
      const signedIn = await Promise.all([signIn(at), signIn(at), unbind(), signIn(at)])
      for (const person of signedIn)
        if ('token' in person) expect(await roleOf(at, person.id)).toBeUndefined()
    }
  })
  it('one person signs in twice: one membership', async () => {
    const subject = randomUUID()
    await setRule(company, { rule: 'off' })
    const { id } = await signIn(company, undefined, { subject })
    await setRule(company, byDomain)
    await Promise.all([1, 2, 3].map(() => signIn(company, undefined, { subject })))
    expect(await roleOf(company, id)).toBe('member')
    expect(await recorded(company)).toHaveLength(1)
  })
})
