import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { asUser, admin as setup, superuser } from '../../kit/db.ts'
import { makePerson, type Person, signToken } from '../../kit/people.ts'
import { forceTenant, type Tenant as TestTenant } from '../../kit/tenants.ts'
import { accept, confirm, invite, makeWorld, membership, setMember } from './guest.ts'

let owner: Person
let guest: Person
let tenant: TestTenant
beforeEach(async () => {
  ;({ owner, guest, tenant } = await makeWorld())
})

const unknown = { status: 404, code: 'invitation_not_found', pointers: [] }

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
    const { token, ref_id } = await invite(tenant, owner, guest.email)
    const never = await answers(guest, `tinv_${'A'.repeat(43)}`)
    expect(never[0]).toMatchObject({ status: 404, code: 'invitation_not_found' })
    await make(ref_id)
    expect(await answers(guest, token)).toEqual(never)
    expect(await membership(tenant, guest)).toBeUndefined()
  })
  it.each(['', ' ', 'tinv_', 'null', 'ünïcode', "' or true --", 'x'.repeat(200)])('%j', async (token) => {
    expect(await problemOf(await accept(guest, token))).toEqual(unknown)
  })
  it('the hash, which is all that a backup holds', async () => {
    const { ref_id } = await invite(tenant, owner, guest.email)
    const { rows } = await setup.query<{ hex: string; base64: string }>(
      `select encode(token_hash, 'hex') as hex, encode(token_hash, 'base64') as base64
       from public.tenant_invitations where ref_id = $1`,
      [ref_id],
    )
    for (const token of [rows[0]!.hex, `\\x${rows[0]!.hex}`, rows[0]!.base64])
      expect(await problemOf(await accept(guest, token))).toEqual(unknown)
  })
  it('after a removal, the token that was used once', async () => {
    const { token } = await invite(tenant, owner, guest.email)
    await accept(guest, token)
    const path = `/registry/tenants/${tenant.slug}/members/${guest.refId}`
    expect((await call(path, { method: 'DELETE', token: owner.token })).status).toBe(204)
    expect(await problemOf(await accept(guest, token))).toEqual(unknown)
    expect(await membership(tenant, guest)).toBeUndefined()
  })
})

describe('what is refused', () => {
  it('another address, whatever the token of the person claims', async () => {
    const { token } = await invite(tenant, owner, `${randomUUID()}@example.com`)
    expect(await problemOf(await accept(guest, token))).toMatchObject({
      status: 403,
      code: 'invitation_not_yours',
    })

    const claimed = await invite(tenant, owner, owner.email.replace(/^/, 'claimed-'))
    const forged = { ...guest, token: await signToken({ sub: guest.id, email: `claimed-${owner.email}` }) }
    expect(await problemOf(await accept(forged, claimed.token))).toMatchObject({
      code: 'invitation_not_yours',
    })
    expect(await membership(tenant, guest)).toBeUndefined()
  })
  it('an address that Auth has not confirmed', async () => {
    const squatter = await makePerson()
    const { token } = await invite(tenant, owner, squatter.email)
    const metadata = { email_verified: true }
    const claims = { sub: squatter.id, email: squatter.email, user_metadata: metadata, email_verified: true }
    for (const by of [squatter, { ...squatter, token: await signToken(claims) }])
      expect(await problemOf(await accept(by, token))).toMatchObject({
        status: 403,
        code: 'email_not_confirmed',
      })
    expect(await membership(tenant, squatter)).toBeUndefined()
    await confirm(squatter)
    expect((await accept(squatter, token)).status).toBe(200)
  })
  it('a member who is one already: the role stays, and so does the invitation', async () => {
    const { token } = await invite(tenant, owner, guest.email, 'owner')
    await setMember(tenant, guest, 'reviewer', 'active')
    expect(await problemOf(await accept(guest, token))).toMatchObject({ status: 409, code: 'already_member' })
    expect(await membership(tenant, guest)).toEqual({ role: 'reviewer', status: 'active' })
    expect((await call('/registry/invitations/look-up', { body: { token } })).status).toBe(200)
  })
  it('a member who was switched off since', async () => {
    const { token } = await invite(tenant, owner, guest.email)
    await setMember(tenant, guest, 'member', 'deactivated')
    expect(await problemOf(await accept(guest, token))).toMatchObject({
      status: 403,
      code: 'membership_deactivated',
    })
    expect(await membership(tenant, guest)).toEqual({ role: 'member', status: 'deactivated' })
  })
  it.each([
    [`status = 'frozen', frozen_at = now()`, 'tenant_frozen'],
    [`status = 'trial', trial_ends_at = now()`, 'trial_ended'],
  ])('a tenant with %s', async (change, code) => {
    const { token } = await invite(tenant, owner, guest.email)
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
