import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin, asUser, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let guest: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  guest = await makePerson()
  tenant = await makeTenant({ owner })
})

/** Gives the guest an account in Auth with this address, confirmed, from this provider. */
const setAccount = (email: string, provider = 'email') =>
  superuser.query(
    `update auth.users set email = $2, email_confirmed_at = now(),
       raw_app_meta_data = jsonb_build_object('provider', $3::text, 'providers', jsonb_build_array($3::text)) where id = $1`,
    [guest.id, email, provider],
  )
/** An open invitation to an address, and its token. */
async function invite(email: string, to = tenant): Promise<string> {
  const token = `tinv_${randomBytes(32).toString('base64url')}`
  await admin.query(
    'insert into public.tenant_invitations (tenant_id, email, token_hash) values ($1, $2, $3)',
    [to.id, email, createHash('sha256').update(token).digest()],
  )
  return token
}
const accept = async (token: string) => {
  const answer = await call('/registry/invitations/accept', { token: guest.token, body: { token } })
  return answer.status === 200 ? 'accepted' : (await problemOf(answer)).code
}

// The Kelvin sign and the dotted capital I become k and i (and a dot) when a database makes letters small.
const lookAlikes: [what: string, letter: string, ascii: string][] = [
  ['the Kelvin sign', '\u212a', 'k'],
  ['a dotted capital I', '\u0130', 'i'],
  ['a dotless i', '\u0131', 'i'],
  ['a long s', '\u017f', 's'],
]
describe.each(lookAlikes)('%s', (_what, letter, ascii) => {
  let name: string
  beforeEach(() => {
    name = randomBytes(6).toString('hex')
  })
  it('in an account’s address accepts no invitation to the plain letter', async () => {
    const token = await invite(`${ascii}${name}@example.com`)
    await setAccount(`${letter}${name}@example.com`)
    expect(await accept(token)).toBe('invitation_not_yours')
    await setAccount(`${ascii.toUpperCase()}${name}@EXAMPLE.com`)
    expect(await accept(token)).toBe('accepted')
  })
  it('cannot be invited, by a route or by SQL', async () => {
    const email = `${letter}${name}@example.com`
    const path = `/registry/tenants/${tenant.slug}/invitations`
    expect(await problemOf(await call(path, { token: owner.token, body: { email } }))).toEqual({
      ...{ status: 422, code: 'invalid_body', pointers: ['/email'] },
    })
    await expect(
      asUser(owner.id, (db) =>
        db.query(`select public.invite_member($1, $2, 'member', sha256('x'))`, [tenant.id, email]),
      ),
    ).rejects.toMatchObject({ message: 'invalid_value' })
    await expect(invite(email)).rejects.toMatchObject({ code: '23514' })
  })
  it('is no member’s address where the plain letter is', async () => {
    await setAccount(`${letter}${name}@example.com`)
    await admin.query('insert into public.tenant_members (tenant_id, user_id) values ($1, $2)', [
      tenant.id,
      guest.id,
    ])
    const path = `/registry/tenants/${tenant.slug}/invitations`
    const invited = await call(path, { token: owner.token, body: { email: `${ascii}${name}@example.com` } })
    expect(invited.status).toBe(201)
  })
  it('is forgotten by itself, and the plain letter stays', async () => {
    const emails = [`${letter}${name}@example.com`, `${ascii}${name}@example.com`]
    for (const email of emails)
      await admin.query('insert into public.participant_sessions (tenant_id, email) values ($1, $2)', [
        tenant.id,
        email,
      ])
    const stay = async () =>
      (
        await admin.query<{ email: string }>(
          'select email from public.participant_sessions where tenant_id = $1 and email is not null',
          [tenant.id],
        )
      ).rows.map(({ email }) => email)
    await admin.query('select public.forget_person($1, $2)', [tenant.id, emails[1]])
    expect(await stay()).toEqual([emails[0]])
    await admin.query('select public.forget_person($1, $2)', [tenant.id, emails[0]])
    expect(await stay()).toEqual([])
  })
  it('in a domain leads to no identity provider of the plain one', async () => {
    await admin.query(
      `insert into public.tenant_domains (tenant_id, host, status, verified_at) values ($1, $2, 'verified', now())`,
      [tenant.id, `${ascii}${name}.example`],
    )
    await addProvider(tenant, randomUUID())
    const ask = (domain: string) =>
      admin.query(`select public.find_idp_for_email($1) ->> 'method' as method`, [`ada@${domain}`])
    expect((await ask(`${letter}${name}.example`)).rows).toEqual([{ method: 'password' }])
    expect((await ask(`${ascii.toUpperCase()}${name}.example`)).rows).toEqual([{ method: 'sso' }])
  })
})

const addProvider = (of: Tenant, sso: string, isVerified = true) =>
  admin.query(
    `insert into public.tenant_idp_config (tenant_id, type, verified, verified_at, last_checked_at, sso_provider_id)
     values ($1, 'saml', $2, case when $2 then now() end, now(), $3)`,
    [of.id, isVerified, sso],
  )

describe('an address that a tenant’s own provider states', () => {
  let vouching: Tenant
  let sso: string
  let domain: string
  beforeEach(async () => {
    vouching = await makeTenant()
    sso = randomUUID()
    domain = `${randomBytes(6).toString('hex')}.example`
    await addProvider(vouching, sso)
    await admin.query(
      `insert into public.tenant_domains (tenant_id, host, status, verified_at) values ($1, $2, 'verified', now())`,
      [vouching.id, domain],
    )
  })

  it('accepts another tenant’s invitation within the domains that the provider’s tenant has verified', async () => {
    const token = await invite(`ada@${domain}`)
    await setAccount(`ada@${domain}`, `sso:${sso}`)
    expect(await accept(token)).toBe('accepted')
  })
  it('accepts no other tenant’s invitation outside of them', async () => {
    for (const address of ['victim@example.com', `ada@mail.${domain}`, `ada@x${domain}`]) {
      const token = await invite(address)
      await setAccount(address, `sso:${sso}`)
      expect(await accept(token)).toBe('email_not_confirmed')
    }
  })
  it('accepts an invitation of the provider’s own tenant, which trusts its provider', async () => {
    const token = await invite('contractor@example.com', vouching)
    await setAccount('contractor@example.com', `sso:${sso}`)
    expect(await accept(token)).toBe('accepted')
  })
  it.each<[string, () => Promise<unknown>]>([
    [
      'the domain is lost',
      () => admin.query(`update public.tenant_domains set status = 'failed' where host = $1`, [domain]),
    ],
    [
      'the provider is not verified any more',
      () =>
        admin.query(
          'update public.tenant_idp_config set verified = false, verified_at = null where sso_provider_id = $1',
          [sso],
        ),
    ],
    [
      'the provider is removed',
      () => admin.query('delete from public.tenant_idp_config where sso_provider_id = $1', [sso]),
    ],
    [
      'its tenant is archived',
      () => admin.query(`update public.tenants set status = 'archived' where id = $1`, [vouching.id]),
    ],
  ])('counts for nothing once %s', async (_what, change) => {
    const token = await invite(`ada@${domain}`)
    await setAccount(`ada@${domain}`, `sso:${sso}`)
    await change()
    expect(await accept(token)).toBe('email_not_confirmed')
  })
  it('counts for nothing for a provider that no tenant has', async () => {
    const token = await invite(`ada@${domain}`)
    await setAccount(`ada@${domain}`, `sso:${randomUUID()}`)
    expect(await accept(token)).toBe('email_not_confirmed')
  })
  it('is what counts, and not the claims of the token', async () => {
    const token = await invite('victim@example.com')
    await setAccount('victim@example.com', `sso:${sso}`)
    const claims = {
      role: 'authenticated',
      sub: guest.id,
      app_metadata: { provider: 'email', providers: ['email'] },
    }
    await expect(
      asUser(claims, (db) => db.query('select public.accept_invitation($1)', [token])),
    ).rejects.toMatchObject({ message: 'email_not_confirmed' })
  })
})
