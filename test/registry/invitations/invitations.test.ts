import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  Invitation,
  InvitationPreview,
  Invitations,
  InvitationWithToken,
} from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin as setup } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let admin: Person
let member: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  admin = await makePerson()
  member = await makePerson()
  tenant = await makeTenant({ owner, admin, member })
})

const at = (rest = '') => `/registry/tenants/${tenant.slug}/invitations${rest}`
const invite = (by: Person, body: unknown) => call(at(), { token: by.token, body })
const invited = async (by: Person, body: unknown) =>
  InvitationWithToken.parse(await (await invite(by, body)).json())
const resend = (by: Person, ref: string, body: unknown = {}) =>
  call(at(`/${ref}/resend`), { token: by.token, body })
const revoke = (by: Person, ref: string) => call(at(`/${ref}`), { method: 'DELETE', token: by.token })
const lookUp = (token: string) => call('/registry/invitations/look-up', { body: { token } })
const hoursAhead = (moment: unknown) => (Date.parse(String(moment)) - Date.now()) / 3_600_000
/** As if it had been sent an hour ago. */
const anHourAgo = (ref: string) =>
  setup.query(
    `update public.tenant_invitations set sent_at = sent_at - interval '1 hour' where ref_id = $1`,
    [ref],
  )

describe('an invitation', () => {
  it('is made by a manager, for a week, and its token is kept nowhere', async () => {
    const { token, ...invitation } = await invited(admin, { email: 'new@example.com' })
    expect(invitation).toMatchObject({ email: 'new@example.com', role: 'member', status: 'open' })
    expect(hoursAhead(invitation.expires_at)).toBeCloseTo(168, 1)
    expect(token).toMatch(/^tinv_[\w-]{43}$/)
    const { rows } = await setup.query(
      'select i::text as text, token_hash, created_by from public.tenant_invitations as i where ref_id = $1',
      [invitation.ref_id],
    )
    expect(rows[0].text).not.toContain(token)
    expect(rows[0].token_hash).toEqual(createHash('sha256').update(token).digest())
    expect(rows[0].created_by).toBe(admin.id)
  })
  it('is bound to one spelling of the address', async () => {
    const { email } = await invited(owner, { email: '  New.Person@Example.COM ' })
    expect(email).toBe('new.person@example.com')
    expect(await problemOf(await invite(owner, { email: 'NEW.person@example.com' }))).toEqual({
      status: 409,
      code: 'already_invited',
      pointers: ['/email'],
    })
  })
  it.each([1, 720])('may be open for %i hours', async (hours) => {
    const { expires_at } = await invited(owner, { email: 'new@example.com', expires_in_hours: hours })
    expect(hoursAhead(expires_at)).toBeCloseTo(hours, 1)
  })
  it('is listed without its token, in its state, page by page', async () => {
    const open = await invited(owner, { email: 'open@example.com' })
    const gone = await invited(owner, { email: 'revoked@example.com' })
    const late = await invited(owner, { email: 'expired@example.com' })
    await revoke(owner, gone.ref_id)
    await setup.query(`update public.tenant_invitations set expires_at = now() where ref_id = $1`, [
      late.ref_id,
    ])
    const read = async (query = '') =>
      Invitations.parse(await (await call(at(query), { token: admin.token })).json())
    const { invitations, next_cursor } = await read()
    expect(next_cursor).toBeNull()
    expect(invitations.map(({ ref_id, status }) => [ref_id, status])).toEqual([
      [late.ref_id, 'expired'],
      [gone.ref_id, 'revoked'],
      [open.ref_id, 'open'],
    ])
    const first = await read('?limit=2')
    const second = await read(`?limit=2&cursor=${first.next_cursor}`)
    expect(second.invitations.map(({ ref_id }) => ref_id)).toEqual([open.ref_id])
  })
  it('says to whoever holds its token what it offers, and not to whom', async () => {
    const { token } = await invited(owner, { email: 'new@example.com', role: 'reviewer' })
    const preview = InvitationPreview.parse(await (await lookUp(token)).json())
    expect(preview).toMatchObject({
      tenant_name: tenant.slug,
      role: 'reviewer',
      email_hint: 'n***@example.com',
    })
  })
})

describe('sending it again', () => {
  it('kills the old token and starts its time anew', async () => {
    const first = await invited(owner, { email: 'new@example.com', expires_in_hours: 1 })
    await anHourAgo(first.ref_id)
    const second = InvitationWithToken.parse(
      await (await resend(admin, first.ref_id, { expires_in_hours: 48 })).json(),
    )
    expect(second.ref_id).toBe(first.ref_id)
    expect(hoursAhead(second.expires_at)).toBeCloseTo(48, 1)
    expect((await lookUp(second.token)).status).toBe(200)
    expect(await problemOf(await lookUp(first.token))).toMatchObject({ code: 'invitation_not_found' })
  })
  it('revives one that expired', async () => {
    const { ref_id } = await invited(owner, { email: 'new@example.com' })
    await setup.query(
      `update public.tenant_invitations set sent_at = now() - interval '8 days', expires_at = now() - interval '1 day' where ref_id = $1`,
      [ref_id],
    )
    const { token } = InvitationWithToken.parse(await (await resend(owner, ref_id)).json())
    expect((await lookUp(token)).status).toBe(200)
  })
  it('is throttled to once a minute and ten times in all', async () => {
    const { ref_id } = await invited(owner, { email: 'new@example.com' })
    const tooSoon = await resend(owner, ref_id)
    expect(tooSoon.headers.get('retry-after')).toBe('60')
    expect(await tooSoon.json()).toMatchObject({
      status: 429,
      code: 'resent_too_soon',
      detail: 'This invitation was sent less than a minute ago. Wait a minute.',
    })
    for (let sent = 1; sent < 10; sent++) {
      await anHourAgo(ref_id)
      expect((await resend(owner, ref_id)).status).toBe(200)
    }
    // Ten times in all: no waiting helps, so none is asked for, neither at once nor after an hour.
    for (const wait of [async () => {}, anHourAgo]) {
      await wait(ref_id)
      const tooOften = await resend(owner, ref_id)
      expect(tooOften.headers.get('retry-after')).toBeNull()
      expect(await tooOften.json()).toMatchObject({
        status: 403,
        code: 'too_many_invitations',
        detail:
          'This invitation has been sent ten times. Revoke it, and invite the person again on another day.',
      })
    }
    expect((await revoke(owner, ref_id)).status).toBe(204)
    const sameDay = await invite(owner, { email: 'new@example.com' })
    expect(await problemOf(sameDay)).toMatchObject({ status: 403, code: 'too_many_invitations' })
    await setup.query(
      `update public.tenant_invitations set created_at = created_at - interval '1 day' where ref_id = $1`,
      [ref_id],
    )
    expect((await invite(owner, { email: 'new@example.com' })).status).toBe(201)
  })
  it('happens once when it is asked for ten times at once', async () => {
    const { ref_id } = await invited(owner, { email: 'new@example.com' })
    await anHourAgo(ref_id)
    const answers = await Promise.all(Array.from({ length: 10 }, () => resend(owner, ref_id)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(9).fill(429)])
  })
})

describe('revoking it', () => {
  it('kills its token and makes room for another', async () => {
    const { ref_id, token } = await invited(owner, { email: 'new@example.com' })
    expect((await revoke(admin, ref_id)).status).toBe(204)
    expect((await lookUp(token)).status).toBe(404)
    expect(await problemOf(await revoke(admin, ref_id))).toMatchObject({ status: 404, code: 'not_found' })
    expect(await problemOf(await resend(admin, ref_id))).toMatchObject({ status: 404, code: 'not_found' })
    expect((await invite(owner, { email: 'new@example.com' })).status).toBe(201)
  })
})

describe('owners', () => {
  it('are invited by owners only', async () => {
    const forbidden = { status: 403, code: 'forbidden' }
    expect(await problemOf(await invite(admin, { email: 'new@example.com', role: 'owner' }))).toMatchObject(
      forbidden,
    )
    const { ref_id } = await invited(owner, { email: 'new@example.com', role: 'owner' })
    await anHourAgo(ref_id)
    // A new token in an admin's hands would be an owner's.
    expect(await problemOf(await resend(admin, ref_id))).toMatchObject(forbidden)
    expect((await revoke(admin, ref_id)).status).toBe(204)
  })
})

describe('limits', () => {
  const fill = (count: number, columns: string) =>
    setup.query(
      `insert into public.tenant_invitations (tenant_id, email, token_hash${columns ? ', revoked_at' : ''})
       select $1::uuid, n || '@example.com', sha256(convert_to($1::uuid::text || n, 'UTF8'))${columns} from generate_series(1, $2::int) as n`,
      [tenant.id, count],
    )
  it('a tenant has a hundred open invitations at most, however many ask at once', async () => {
    await fill(98, '')
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => invite(owner, { email: `late-${n}@example.com` })),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, ...Array(6).fill(403)])
    const refused = answers.find(({ status }) => status === 403)
    expect(await problemOf(refused as Response)).toMatchObject({ code: 'too_many_invitations' })
  })
  it('and makes three hundred a day, however fast it revokes them', async () => {
    await fill(300, ', now()')
    expect(await problemOf(await invite(owner, { email: 'late@example.com' }))).toMatchObject({
      code: 'too_many_invitations',
    })
  })
  it('ten at once to one address are one invitation', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => invite(owner, { email: 'new@example.com' })),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array(9).fill(409)])
  })
})

describe('what is refused', () => {
  it.each<[unknown, string[]]>([
    [{}, ['/email']],
    [{ email: 'nobody' }, ['/email']],
    [{ email: 'a@b' }, ['/email']],
    [{ email: 'two@example.com, three@example.com' }, ['/email']],
    [{ email: 'Ann <ann@example.com>' }, ['/email']],
    [{ email: 'аnn@example.com' }, ['/email']],
    [{ email: 'ann@exämple.com' }, ['/email']],
    [{ email: `${'a'.repeat(250)}@example.com` }, ['/email']],
    [{ email: 'ann@example.com\nbcc: all@example.com' }, ['/email']],
    [{ email: 'ann@example.com', role: 'king' }, ['/role']],
    [{ email: 'ann@example.com', expires_in_hours: 0 }, ['/expires_in_hours']],
    [{ email: 'ann@example.com', expires_in_hours: 721 }, ['/expires_in_hours']],
    [{ email: 'ann@example.com', token: 'mine' }, ['/token']],
  ])('an invitation of %j', async (body, pointers) => {
    expect(await problemOf(await invite(owner, body))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers,
    })
  })
  it('one for somebody who belongs to the tenant, also if switched off', async () => {
    const already = { status: 409, code: 'already_member', pointers: ['/email'] }
    expect(await problemOf(await invite(owner, { email: member.email.toUpperCase() }))).toEqual(already)
    await setup.query(`update public.tenant_members set status = 'deactivated' where user_id = $1`, [
      member.id,
    ])
    expect(await problemOf(await invite(owner, { email: member.email }))).toEqual(already)
  })
  it('one of another tenant, as if it were not there', async () => {
    const stranger = await makePerson()
    const other = await makeTenant({ owner: stranger })
    const { ref_id } = Invitation.parse(
      await (async () => {
        const sent = await call(`/registry/tenants/${other.slug}/invitations`, {
          token: stranger.token,
          body: { email: 'new@example.com' },
        })
        const { token: _, ...rest } = InvitationWithToken.parse(await sent.json())
        return rest
      })(),
    )
    for (const answer of [await resend(owner, ref_id), await revoke(owner, ref_id), await revoke(owner, 'x')])
      expect(await problemOf(answer)).toMatchObject({ status: 404, code: 'not_found' })
  })
  it('every change of a frozen tenant', async () => {
    const { ref_id } = await invited(owner, { email: 'new@example.com' })
    await setup.query(`update public.tenants set status = 'frozen' where id = $1`, [tenant.id])
    for (const answer of [
      await invite(owner, { email: 'another@example.com' }),
      await resend(owner, ref_id),
      await revoke(owner, ref_id),
    ])
      expect(await problemOf(answer)).toMatchObject({ status: 403, code: 'tenant_frozen' })
    expect((await call(at(), { token: owner.token })).status).toBe(200)
  })
})
