import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { InvitationWithToken, Tenant } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { anonClient } from '../../kit/clients.ts'
import { asUser, admin as setup, superuser } from '../../kit/db.ts'
import { makePerson, type Person, signToken } from '../../kit/people.ts'
import { signUpConfirmed } from '../../kit/sign-up.ts'
import { forceTenant, makeTenant, type Tenant as TestTenant } from '../../kit/tenants.ts'

let owner: Person
let guest: Person
let tenant: TestTenant
beforeEach(async () => {
  owner = await makePerson()
  guest = await makePerson()
  tenant = await makeTenant({ owner })
  await confirm(guest)
})

const confirm = ({ id }: Person) =>
  superuser.query('update auth.users set email_confirmed_at = now() where id = $1', [id])
const invite = async (email: string, role = 'admin') => {
  const body = { email, role }
  const sent = await call(`/registry/tenants/${tenant.slug}/invitations`, { token: owner.token, body })
  return InvitationWithToken.parse(await sent.json())
}
const accept = (by: Person, token: string) =>
  call('/registry/invitations/accept', { token: by.token, body: { token } })
const membership = async ({ id }: Person) => {
  const { rows } = await setup.query<{ role: string; status: string }>(
    'select role, status from public.tenant_members where tenant_id = $1 and user_id = $2',
    [tenant.id, id],
  )
  return rows[0]
}
const setMember = ({ id }: Person, role: string, status: string) =>
  setup.query(
    'insert into public.tenant_members (tenant_id, user_id, role, status) values ($1, $2, $3, $4)',
    [tenant.id, id, role, status],
  )
const unknown = { status: 404, code: 'invitation_not_found', pointers: [] }

describe('accepting', () => {
  it('makes an existing person a member, in the role that was offered', async () => {
    const { token } = await invite(guest.email)
    expect(Tenant.parse(await (await accept(guest, token)).json())).toMatchObject({
      ref_id: tenant.ref_id,
      role: 'admin',
    })
    expect(await membership(guest)).toEqual({ role: 'admin', status: 'active' })
  })

  it('makes a new person a member, who signs up with the invited address first', async () => {
    const email = `${randomUUID()}@example.com`
    const { token } = await invite(email, 'member')

    // What the page behind the mailed link does. The token stands in the link's fragment, which no
    // browser sends to a server.
    const supabase = anonClient()
    const preview = await supabase.functions.invoke('registry/invitations/look-up', { body: { token } })
    expect(preview.data).toMatchObject({ tenant_name: tenant.slug, email_hint: `${email[0]}***@example.com` })
    await signUpConfirmed(supabase, email)
    const accepted = await supabase.functions.invoke('registry/invitations/accept', { body: { token } })
    expect(accepted.error).toBeNull()
    expect(accepted.data).toMatchObject({ ref_id: tenant.ref_id, role: 'member' })

    const { data } = await supabase.from('tenants').select('slug')
    expect(data).toEqual([{ slug: tenant.slug }])
  })

  it('works without a function too, as the rpc', async () => {
    const email = `${randomUUID()}@example.com`
    const { token } = await invite(email, 'reviewer')
    const supabase = anonClient()
    await signUpConfirmed(supabase, email)
    const { data } = await supabase.rpc('accept_invitation', { token })
    expect(data).toMatchObject({ tenant_id: tenant.id, role: 'reviewer', status: 'active' })
  })

  it('is told the same again, when the answer got lost', async () => {
    const { token } = await invite(guest.email)
    const first = await (await accept(guest, token)).json()
    const second = await accept(guest, token)
    expect([second.status, await second.json()]).toEqual([200, first])
  })

  it('compares addresses without regard to case', async () => {
    await superuser.query('update auth.users set email = upper(email) where id = $1', [guest.id])
    const { token } = await invite(guest.email)
    expect((await accept(guest, token)).status).toBe(200)
  })
})

describe('at the same moment', () => {
  it('ten attempts of one person are one membership and one answer', async () => {
    const { token } = await invite(guest.email)
    const answers = await Promise.all(Array.from({ length: 10 }, () => accept(guest, token)))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(new Set(await Promise.all(answers.map((answer) => answer.text()))).size).toBe(1)
    expect(await membership(guest)).toEqual({ role: 'admin', status: 'active' })
  })

  it('of two people who have the address, one after the other, one wins', async () => {
    const twin = await makePerson()
    const { token } = await invite(guest.email)
    const [first, second] = [await setup.connect(), await setup.connect()]
    const as = async (db: typeof first, person: Person) => {
      await db.query('begin')
      await db.query(`select set_config('request.jwt.claims', $1, true)`, [
        JSON.stringify({ role: 'authenticated', sub: person.id }),
      ])
      await db.query('set local role authenticated')
    }
    try {
      await as(first, guest)
      await first.query('select public.accept_invitation($1)', [token])
      // The address changes hands while the first transaction is open. Without the mirror in
      // user_profiles, which would wait for that transaction.
      await superuser.query(`begin; set local session_replication_role = replica;
        update auth.users set email = 'x-' || email where id = '${guest.id}';
        update auth.users set email = '${guest.email}', email_confirmed_at = now() where id = '${twin.id}';
        commit`)
      await as(second, twin)
      const waiting = second.query('select public.accept_invitation($1)', [token]).then(
        () => 'accepted',
        (error: { message: string }) => error.message,
      )
      await first.query('commit')
      expect(await waiting).toBe('invitation_not_found')
    } finally {
      await first.query('rollback')
      await second.query('rollback')
      first.release()
      second.release()
    }
    expect(await membership(guest)).toMatchObject({ status: 'active' })
    expect(await membership(twin)).toBeUndefined()
  })

  it('accepted and revoked is one or the other, and never both', async () => {
    for (let round = 0; round < 5; round++) {
      const person = await makePerson()
      await confirm(person)
      const { token, ref_id } = await invite(person.email)
      const [accepted, revoked] = await Promise.all([
        accept(person, token),
        call(`/registry/tenants/${tenant.slug}/invitations/${ref_id}`, {
          method: 'DELETE',
          token: owner.token,
        }),
      ])
      expect([accepted.status, revoked.status]).toEqual(accepted.status === 200 ? [200, 404] : [404, 204])
      expect((await membership(person)) !== undefined).toBe(accepted.status === 200)
    }
  })

  it('accepted and sent again leaves no second use', async () => {
    const { token, ref_id } = await invite(guest.email)
    await setup.query(
      `update public.tenant_invitations set sent_at = sent_at - interval '1 hour' where ref_id = $1`,
      [ref_id],
    )
    const [accepted, resent] = await Promise.all([
      accept(guest, token),
      call(`/registry/tenants/${tenant.slug}/invitations/${ref_id}/resend`, { token: owner.token, body: {} }),
    ])
    expect([accepted.status, resent.status]).toEqual(accepted.status === 200 ? [200, 404] : [404, 200])
  })
})

describe('one answer for every token that opens nothing', () => {
  const spoil: Record<string, (ref: string) => Promise<unknown>> = {
    expired: (ref) =>
      setup.query(`update public.tenant_invitations set expires_at = now() where ref_id = $1`, [ref]),
    revoked: (ref) =>
      setup.query(`update public.tenant_invitations set revoked_at = now() where ref_id = $1`, [ref]),
    'used by somebody else': (ref) =>
      setup.query(
        `update public.tenant_invitations set accepted_at = now(), accepted_by = $2 where ref_id = $1`,
        [ref, owner.id],
      ),
    'of an archived tenant': () =>
      setup.query(`update public.tenants set status = 'archived' where id = $1`, [tenant.id]),
    'of a tenant that is gone': () => setup.query('delete from public.tenants where id = $1', [tenant.id]),
  }
  const answers = async (by: Person, token: string) => {
    const text = async (response: Response) => {
      const { request_id: _, instance: __, ...document } = (await response.json()) as Record<string, unknown>
      return document
    }
    return [
      await text(await accept(by, token)),
      await text(await call('/registry/invitations/look-up', { body: { token } })),
    ]
  }
  it.each(Object.entries(spoil))('%s', async (_what, make) => {
    const { token, ref_id } = await invite(guest.email)
    const never = await answers(guest, `tinv_${'A'.repeat(43)}`)
    expect(never[0]).toMatchObject({ status: 404, code: 'invitation_not_found' })
    await make(ref_id)
    expect(await answers(guest, token)).toEqual(never)
    expect(await membership(guest)).toBeUndefined()
  })
  it.each(['', ' ', 'tinv_', 'null', 'ünïcode', "' or true --", 'x'.repeat(200)])('%j', async (token) => {
    expect(await problemOf(await accept(guest, token))).toEqual(unknown)
  })
  it('the hash, which is all that a backup holds', async () => {
    const { ref_id } = await invite(guest.email)
    const { rows } = await setup.query<{ hex: string; base64: string }>(
      `select encode(token_hash, 'hex') as hex, encode(token_hash, 'base64') as base64
       from public.tenant_invitations where ref_id = $1`,
      [ref_id],
    )
    for (const token of [rows[0]!.hex, `\\x${rows[0]!.hex}`, rows[0]!.base64])
      expect(await problemOf(await accept(guest, token))).toEqual(unknown)
  })
  it('after a removal, the token that was used once', async () => {
    const { token } = await invite(guest.email)
    await accept(guest, token)
    const path = `/registry/tenants/${tenant.slug}/members/${guest.refId}`
    expect((await call(path, { method: 'DELETE', token: owner.token })).status).toBe(204)
    expect(await problemOf(await accept(guest, token))).toEqual(unknown)
    expect(await membership(guest)).toBeUndefined()
  })
})

describe('what is refused', () => {
  it('another address, whatever the token of the person claims', async () => {
    const { token } = await invite(`${randomUUID()}@example.com`)
    expect(await problemOf(await accept(guest, token))).toMatchObject({
      status: 403,
      code: 'invitation_not_yours',
    })

    const claimed = await invite(owner.email.replace(/^/, 'claimed-'))
    const forged = { ...guest, token: await signToken({ sub: guest.id, email: `claimed-${owner.email}` }) }
    expect(await problemOf(await accept(forged, claimed.token))).toMatchObject({
      code: 'invitation_not_yours',
    })
    expect(await membership(guest)).toBeUndefined()
  })
  it('an address that Auth has not confirmed', async () => {
    const squatter = await makePerson()
    const { token } = await invite(squatter.email)
    const metadata = { email_verified: true }
    const claims = { sub: squatter.id, email: squatter.email, user_metadata: metadata, email_verified: true }
    for (const by of [squatter, { ...squatter, token: await signToken(claims) }])
      expect(await problemOf(await accept(by, token))).toMatchObject({
        status: 403,
        code: 'email_not_confirmed',
      })
    expect(await membership(squatter)).toBeUndefined()
    await confirm(squatter)
    expect((await accept(squatter, token)).status).toBe(200)
  })
  it('a member who is one already: the role stays, and so does the invitation', async () => {
    const { token } = await invite(guest.email, 'owner')
    await setMember(guest, 'reviewer', 'active')
    expect(await problemOf(await accept(guest, token))).toMatchObject({ status: 409, code: 'already_member' })
    expect(await membership(guest)).toEqual({ role: 'reviewer', status: 'active' })
    expect((await call('/registry/invitations/look-up', { body: { token } })).status).toBe(200)
  })
  it('a member who was switched off since', async () => {
    const { token } = await invite(guest.email)
    await setMember(guest, 'member', 'deactivated')
    expect(await problemOf(await accept(guest, token))).toMatchObject({
      status: 403,
      code: 'membership_deactivated',
    })
    expect(await membership(guest)).toEqual({ role: 'member', status: 'deactivated' })
  })
  it.each([
    [`status = 'frozen', frozen_at = now()`, 'tenant_frozen'],
    [`status = 'trial', trial_ends_at = now()`, 'trial_ended'],
  ])('a tenant with %s', async (change, code) => {
    const { token } = await invite(guest.email)
    await forceTenant(superuser, tenant.id, change)
    expect(await problemOf(await accept(guest, token))).toMatchObject({ status: 403, code })
  })
  it('a body that is none, without repeating the token', async () => {
    for (const body of [{}, { token: 1 }, { token: 'x'.repeat(201) }, { token: 'x', role: 'owner' }]) {
      const answer = await call('/registry/invitations/accept', { token: guest.token, body })
      expect(answer.status).toBe(422)
      expect(await answer.text()).not.toContain('xxx')
    }
  })
  it('nobody, and the service, which is no person', async () => {
    const body = { token: 'tinv_x' }
    expect((await call('/registry/invitations/accept', { body })).status).toBe(401)
    const apikey = inject('stack').secret_key
    expect((await call('/registry/invitations/accept', { apikey, body })).status).toBe(403)
  })
  it('a direct write, by which a manager would pass the limits', async () => {
    await expect(
      asUser(owner.id, (db) =>
        db.query(
          `insert into public.tenant_invitations (tenant_id, email, token_hash) values ($1, 'a@example.com', sha256(''))`,
          [tenant.id],
        ),
      ),
    ).rejects.toMatchObject({ code: '42501' })
  })
})
