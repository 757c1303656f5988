import { randomBytes, randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { ulidOf } from '../../../lib/db/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { signInAtCompany, writeOwnMetadata } from '../../kit/company-sign-in.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson, signToken } from '../../kit/people.ts'
import {
  byDomain,
  byGroup,
  type Company,
  makeCompany,
  recorded,
  roleOf,
  setRule,
  settle,
  signIn,
} from './world.ts'

let company: Company
beforeEach(async () => {
  company = await makeCompany()
})

describe('a rule by verified domain', () => {
  beforeEach(async () => {
    expect((await setRule(company, byDomain)).status).toBe(200)
  })

  it('makes whoever signs in a member, before any client asks, and the audit log says why', async () => {
    const { id, token } = await signIn(company)
    expect(await roleOf(company, id)).toBe('member')
    expect(await settle(token)).toEqual({
      ...{ outcome: 'member', reason: null, tenant: company.tenant.slug, role: 'member' },
    })
    const read = await call(`/registry/tenants/${company.tenant.slug}`, { token })
    expect(read.status).toBe(200)
    expect(await recorded(company)).toEqual([
      {
        ...{ action: 'member.joined_by_rule', target_id: ulidOf(id) },
        metadata: { identity_provider: expect.any(String), rule: 'verified_domain', role: 'member' },
      },
    ])
  })
  it('is told in the list of members, beside those whom people made one', async () => {
    const { id } = await signIn(company)
    const { members } = (await (
      await call(`/registry/tenants/${company.tenant.slug}/members`, { token: company.owner.token })
    ).json()) as { members: { ref_id: string; joined_by: string | null }[] }
    expect(members.map(({ ref_id, joined_by }) => [ref_id, joined_by])).toEqual([
      [ulidOf(id), 'saml'],
      [company.owner.refId, null],
    ])
    const changed = await call(`/registry/tenants/${company.tenant.slug}/members/${ulidOf(id)}`, {
      ...{ method: 'PATCH', token: company.owner.token, body: { status: 'deactivated' } },
    })
    expect(await changed.json()).toMatchObject({ status: 'deactivated', joined_by: 'saml' })
  })
  it('gives the role that it names', async () => {
    await setRule(company, { ...byDomain, role: 'reviewer' })
    expect(await roleOf(company, (await signIn(company)).id)).toBe('reviewer')
  })
  it.each([
    'ada@example.com',
    'ada@mail.HOST',
    'ada@xHOST',
    'ada@HOST.example.com',
    '"ada@HOST"@example.com',
    'ada@\u212aHOST',
  ])('makes nobody a member whose address, %s, the provider may not speak for', async (email) => {
    const { id, token } = await signIn(company, undefined, { email: email.replace('HOST', company.host) })
    expect(await roleOf(company, id)).toBeUndefined()
    expect(await settle(token)).toMatchObject({ outcome: 'none', reason: 'domain_not_verified', role: null })
  })
  it('does not count a domain that another tenant has verified', async () => {
    const other = await makeCompany()
    const { id } = await signIn(company, undefined, { email: `ada@${other.host}` })
    expect([await roleOf(company, id), await roleOf(other, id)]).toEqual([undefined, undefined])
  })
  it('goes by the address that the provider states now, and not by that of the account', async () => {
    const subject = randomUUID()
    const first = await signIn(company, undefined, { subject })
    const again = await signIn(company, undefined, { subject, email: 'ada@example.com' })
    expect(again.id).toBe(first.id)
    expect(await roleOf(company, first.id)).toBeUndefined()
  })
  it('makes nobody a member who signed up with such an address', async () => {
    const person = await makePerson()
    await superuser.query('update auth.users set email = $2, email_confirmed_at = now() where id = $1', [
      person.id,
      `ada@${company.host}`,
    ])
    expect(await settle(person.token)).toEqual({
      ...{ outcome: 'none', reason: 'not_of_provider', tenant: null, role: null },
    })
  })
})

describe('a rule by group', () => {
  beforeEach(async () => {
    await setRule(company, byGroup(['coaches', 'member'], ['it', 'admin']))
  })

  it.each<[string, unknown, string | undefined]>([
    ['a list', ['other', 'coaches'], 'member'],
    ['a text', 'coaches', 'member'],
    ['several groups, of which the highest counts', ['coaches', 'it'], 'admin'],
    ['no group of the rule', ['other'], undefined],
    ['other letters', ['Coaches', 'it '], undefined],
    ['an empty list', [], undefined],
    ['an object', { coaches: true }, undefined],
    ['a number', 7, undefined],
    ['a list in a list', [['coaches']], undefined],
    ['nothing', undefined, undefined],
  ])('takes %s', async (_what, groups, role) => {
    expect(await roleOf(company, (await signIn(company, groups)).id)).toBe(role)
  })
  it('needs no address, because it trusts none', async () => {
    const { id } = await signIn(company, ['coaches'], { email: 'contractor@example.com' })
    expect(await roleOf(company, id)).toBe('member')
  })
  it('follows the provider: another role, then none, then a role again', async () => {
    const subject = randomUUID()
    const { id } = await signIn(company, ['coaches'], { subject })
    await signIn(company, ['it'], { subject })
    expect(await roleOf(company, id)).toBe('admin')
    const left = await signIn(company, undefined, { subject })
    expect(await roleOf(company, id)).toBeUndefined()
    expect(await settle(left.token)).toMatchObject({ outcome: 'none', reason: 'no_group' })
    await signIn(company, ['coaches'], { subject })
    expect(await roleOf(company, id)).toBe('member')
    expect(
      (await recorded(company)).map(({ action, metadata }) => [action, metadata.role, metadata.reason]),
    ).toEqual([
      ['member.joined_by_rule', 'member', undefined],
      ['member.role_by_rule', 'admin', undefined],
      ['member.left_by_rule', 'admin', 'no_group'],
      ['member.joined_by_rule', 'member', undefined],
    ])
  })
})

describe('what a person can write or forge counts for nothing', () => {
  beforeEach(async () => {
    await setRule(company, byGroup(['it', 'admin']))
  })

  it('groups and addresses in the own metadata, and in the token that has them', async () => {
    const { id } = await signIn(company, ['other'])
    const own = { email: `ada@${company.host}`, groups: ['it'], custom_claims: { groups: ['it'] } }
    await writeOwnMetadata(id, own)
    const provider = `sso:${company.provider}`
    const token = await signToken({
      ...{ sub: id, app_metadata: { provider, providers: [provider], groups: ['it'] }, user_metadata: own },
      ...{ groups: ['it'], custom_claims: { groups: ['it'] } },
    })
    expect(await settle(token)).toMatchObject({ outcome: 'none', reason: 'no_group' })
    expect(await roleOf(company, id)).toBeUndefined()
  })
  it('a token that says the provider, of an account that is not its', async () => {
    const person = await makePerson()
    const provider = `sso:${company.provider}`
    const token = await signToken({
      ...{ sub: person.id, app_metadata: { provider, providers: [provider] } },
      user_metadata: { custom_claims: { groups: ['it'] } },
      amr: [{ method: 'sso/saml', timestamp: 1, provider: company.provider }],
    })
    expect(await settle(token)).toMatchObject({ outcome: 'none', reason: 'not_of_provider' })
  })
  it.each<[string, string]>([
    [
      'that has another way in',
      `insert into auth.identities (id, provider, provider_id, user_id) values (gen_random_uuid(), 'email', $1::uuid::text, $1)`,
    ],
    ['that is no account of single sign-on', `update auth.users set is_sso_user = false where id = $1`],
  ])('an account %s', async (_what, change) => {
    const subject = randomUUID()
    const { id } = await signIn(company, ['other'], { subject })
    await superuser.query(change, [id])
    await signIn(company, ['it'], { subject })
    expect(await roleOf(company, id)).toBeUndefined()
  })
  it('the provider of another tenant, which asserts the same', async () => {
    const other = await makeCompany()
    const { id, token } = await signInAtCompany({
      ...{ provider: other.provider, subject: randomUUID(), email: `ada@${company.host}` },
      claims: { groups: ['it'] },
    })
    expect(await roleOf(company, id)).toBeUndefined()
    expect(await settle(token)).toMatchObject({ reason: 'rule_off', tenant: other.tenant.slug })
  })
  it('a provider that nobody bound, and one whose name is none', async () => {
    for (const provider of [randomUUID(), 'x', `${company.provider}/`]) {
      const { token } = await signInAtCompany({
        ...{ provider, subject: randomUUID(), email: `ada@${company.host}`, claims: { groups: ['it'] } },
      })
      expect(await settle(token)).toMatchObject({ outcome: 'none', reason: 'not_of_provider' })
    }
  })
})

describe('nobody joins', () => {
  const change = (columns: string) => () =>
    admin.query(`update public.tenant_idp_config set ${columns} where tenant_id = $1`, [company.tenant.id])
  const changeTenant = (columns: string) => () =>
    admin.query(`update public.tenants set ${columns} where id = $1`, [company.tenant.id])
  it.each<[string, () => Promise<unknown>, reason: string]>([
    ['while the rule is off', () => setRule(company, { rule: 'off' }), 'rule_off'],
    [
      'by a provider that is not verified',
      change('verified = false, verified_at = null'),
      'provider_not_verified',
    ],
    [
      'by one whose certificate has ended',
      change(`keys_expire_at = now() - interval '1 minute'`),
      'certificate_expired',
    ],
    ['in a frozen tenant', changeTenant(`status = 'frozen'`), 'tenant_frozen'],
    ['in an archived tenant', changeTenant(`status = 'archived'`), 'not_of_provider'],
  ])('%s', async (_what, arrange, reason) => {
    await setRule(company, byDomain)
    await arrange()
    const { id, token } = await signIn(company)
    expect(await roleOf(company, id)).toBeUndefined()
    expect(await settle(token)).toMatchObject({ outcome: expect.stringMatching(/none|refused/), reason })
  })
  it('beyond the places of the plan, and joins once there is one', async () => {
    company = await makeCompany({ plan: 'starter' })
    await superuser.query(
      `update public.tenant_idp_config set join_rule = 'verified_domain' where tenant_id = $1`,
      [company.tenant.id],
    )
    const [first, , third] = [await signIn(company), await signIn(company), await signIn(company)]
    expect(await roleOf(company, third.id)).toBeUndefined()
    expect(await settle(third.token)).toMatchObject({ outcome: 'refused', reason: 'limit_reached' })
    await admin.query('delete from public.tenant_members where user_id = $1', [first.id])
    expect(await settle(third.token)).toMatchObject({ outcome: 'joined', reason: null, role: 'member' })
  })
  it('where a manager has switched the membership off, however often they sign in', async () => {
    await setRule(company, byDomain)
    const subject = randomUUID()
    const { id, token } = await signIn(company, undefined, { subject })
    await admin.query(`update public.tenant_members set status = 'deactivated' where user_id = $1`, [id])
    await setRule(company, { rule: 'off' })
    await setRule(company, byDomain)
    await signIn(company, undefined, { subject })
    expect(await roleOf(company, id)).toBe('member, deactivated')
    expect(await settle(token)).toMatchObject({
      outcome: 'refused',
      reason: 'membership_deactivated',
      role: null,
    })
  })
})

describe('the rule itself', () => {
  it.each<[string, object]>([
    ['an owner by domain', { ...byDomain, role: 'owner' }],
    ['an owner by group', byGroup(['it', 'owner'])],
    ['a group without a claim', { rule: 'group', groups: [{ value: 'it', role: 'admin' }] }],
    ['a claim without a group', { rule: 'group', claim: 'groups' }],
    ['another rule', { rule: 'everybody' }],
    [
      'too many groups',
      byGroup(...Array.from({ length: 51 }, (_, n): [string, string] => [`${n}`, 'member'])),
    ],
  ])('refuses %s, by the route and by SQL', async (_what, rule) => {
    expect(await problemOf(await setRule(company, rule))).toMatchObject({ status: 422 })
    await expect(
      admin.query(`select public.set_join_rule($1, 'saml', $2)`, [company.tenant.id, rule]),
    ).rejects.toMatchObject({ message: 'invalid_value' })
  })
  it('is for managers, and for a provider that there is', async () => {
    const member = await makePerson()
    await admin.query('insert into public.tenant_members (tenant_id, user_id) values ($1, $2)', [
      company.tenant.id,
      member.id,
    ])
    expect(await problemOf(await setRule({ ...company, owner: member }, byDomain))).toMatchObject({
      status: 403,
    })
    expect(await problemOf(await setRule(company, byDomain, 'oidc'))).toMatchObject({ status: 404 })
  })
  it('makes nobody an operator of the platform', async () => {
    await expect(
      superuser.query(`select public.set_join_rule(private.platform_tenant_id(), 'saml', $1)`, [byDomain]),
    ).rejects.toMatchObject({ message: 'invalid_value' })
  })
  it('is read with the provider, and leaves the provider verified and bound', async () => {
    const rule = byGroup(['coaches', 'member'])
    expect(await (await setRule(company, rule)).json()).toMatchObject({
      ...{ verified: true, sso_provider_id: company.provider },
      join_rule: { ...rule, role: 'member' },
    })
  })
  it('finds nobody by a claim whose name is a path', async () => {
    await setRule(company, { ...byGroup(['it', 'admin']), claim: 'a.groups' })
    const { id } = await signInAtCompany({
      ...{ provider: company.provider, subject: randomBytes(4).toString('hex'), email: 'ada@example.com' },
      claims: { a: { groups: ['it'] } },
    })
    expect(await roleOf(company, id)).toBeUndefined()
  })
})
