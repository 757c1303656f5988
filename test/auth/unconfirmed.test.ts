import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { call, problemOf } from '../kit/call.ts'
import { anonClient } from '../kit/clients.ts'
import { admin, superuser } from '../kit/db.ts'
import { linkIn, mailTo } from '../kit/mailbox.ts'
import { makePerson, type Person, signToken } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'

// Whoever signs up with somebody else's address holds an account that nobody has confirmed.
const stack = inject('stack')
const password = randomUUID()

let domain: string
let email: string
let squatter: { id: string; token: string }
let owner: Person
let tenant: Tenant
beforeEach(async () => {
  domain = `${randomUUID()}.example`
  email = `ada@${domain}`
  const { data, error } = await anonClient().auth.signUp({ email, password })
  if (error) throw error
  const id = data.user!.id
  // Auth gives this account no session. A token all the same, whatever it claims, so that SQL has to refuse it.
  const claims = { sub: id, email, email_verified: true, user_metadata: { email_verified: true } }
  squatter = { id, token: await signToken(claims) }
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})
const invite = () =>
  call(`/registry/tenants/${tenant.slug}/invitations`, { token: owner.token, body: { email } })
const accept = async (token: string) =>
  call('/registry/invitations/accept', { token: squatter.token, body: { token } })

describe('Auth gives an account that is not confirmed no session', () => {
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${stack.api_url}/auth/v1/${path}`, {
      method: 'POST',
      headers: { apikey: stack.publishable_key, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return (await answer.json()) as { access_token?: string; error_code?: string }
  }
  it.each<[string, () => [path: string, body: object]]>([
    ['for its password', () => ['token?grant_type=password', { email, password }]],
    ['for another sign-up', () => ['signup', { email, password: randomUUID() }]],
    ['for asking for a sign-in mail', () => ['otp', { email }]],
    ['for asking for a new password', () => ['recover', { email }]],
    ['for asking again', () => ['resend', { type: 'signup', email }]],
    ['for a code that it guessed', () => ['verify', { type: 'email', email, token: '000000' }]],
    ['for its id as a token', () => ['verify', { type: 'signup', token_hash: squatter.id }]],
  ])('%s', async (_what, ask) => {
    expect((await post(...ask())).access_token).toBeUndefined()
    const { rows } = await superuser.query('select email_confirmed_at from auth.users where id = $1', [
      squatter.id,
    ])
    expect(rows).toEqual([{ email_confirmed_at: null }])
  })
})

describe('an address that is not confirmed', () => {
  it('accepts no invitation', async () => {
    const { token } = (await (await invite()).json()) as { token: string }
    expect(await problemOf(await accept(token))).toMatchObject({ status: 403, code: 'email_not_confirmed' })
    const { rows } = await admin.query('select from public.tenant_members where user_id = $1', [squatter.id])
    expect(rows).toEqual([])
  })

  it('stands in nobody’s way: the person is invited, reads the mail, and accepts', async () => {
    const { token } = (await (await invite()).json()) as { token: string }
    const client = anonClient()
    await client.auth.resetPasswordForEmail(email)
    // The invitation is mailed too, a little later or earlier.
    const { type, token_hash } = linkIn(
      (await mailTo(email)).findLast(({ links }) => links.some((link) => link.includes('/confirm/'))),
    )
    await client.auth.verifyOtp({ type: type as 'recovery', token_hash })
    await client.auth.updateUser({ password: randomUUID() })
    const accepted = await client.functions.invoke('registry/invitations/accept', { body: { token } })
    expect(accepted.data).toMatchObject({ ref_id: tenant.ref_id })
    // With the squatter's password nobody gets in any more.
    expect((await anonClient().auth.signInWithPassword({ email, password })).error?.code).toBe(
      'invalid_credentials',
    )
  })

  it('is in no tenant of a domain, and says nothing about how its domain signs in', async () => {
    const owning = await makeTenant()
    await admin.query(
      `insert into public.tenant_domains (tenant_id, host, status, verified_at) values ($1, $2, 'verified', now())`,
      [owning.id, domain],
    )
    await admin.query(
      `insert into public.tenant_idp_config (tenant_id, type, verified, verified_at, last_checked_at, sso_provider_id)
       values ($1, 'saml', true, now(), now(), $2)`,
      [owning.id, randomUUID()],
    )
    const listed = await call('/registry/tenants', { token: squatter.token })
    expect(await listed.json()).toMatchObject({ tenants: [] })
    const read = await call(`/registry/tenants/${owning.slug}`, { token: squatter.token })
    expect(await problemOf(read)).toMatchObject({ status: 404, code: 'tenant_not_found' })
    const [known, unknown] = await Promise.all(
      [email, `nobody@${domain}`].map((address) =>
        admin.query('select public.find_idp_for_email($1) as way', [address]),
      ),
    )
    expect(known!.rows).toEqual(unknown!.rows)
  })

  it('keeps nobody from being forgotten', async () => {
    await admin.query('insert into public.participant_sessions (tenant_id, email) values ($1, $2)', [
      tenant.id,
      email,
    ])
    const { rows } = await admin.query('select public.forget_person($1, $2) as told', [tenant.id, email])
    expect(
      rows[0].told.erased['public.participant_sessions'] ?? rows[0].told.erased.participant_sessions,
    ).toBe(1)
  })

  it('is seen by nobody in a tenant to which it was invited', async () => {
    await invite()
    const members = await call(`/registry/tenants/${tenant.slug}/members`, { token: owner.token })
    expect(JSON.stringify(await members.json())).not.toContain(email)
  })
})

it('no function of the schema reads the address of an account but those that look whether it is confirmed', async () => {
  const { rows } = await superuser.query<{ name: string }>(
    `select p.proname as name from pg_catalog.pg_proc as p
     where p.pronamespace::regnamespace::text in ('public', 'private') and p.prosrc ~ 'auth\\.users|auth\\.email\\(\\)|->> ?''email'''
     order by 1`,
  )
  expect(rows.map(({ name }) => name)).toEqual([
    'accept_invitation',
    // Appoints a confirmed account.
    'appoint_operator',
    'confirmed_address',
    // Reads the address that the provider asserted, which counts at the verified domains of its own tenant.
    'find_rule_role',
    // Takes the language of a confirmed account.
    'mail_invitation',
    // Reads which providers vouch for an account, and not its address.
    'may_assert_address',
    // Makes a confirmed account the owner, and invites any other by mail.
    'own_registered_tenant',
  ])
})
