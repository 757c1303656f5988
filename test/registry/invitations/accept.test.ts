import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { Tenant } from '../../../lib/registry/index.ts'
import { call } from '../../kit/call.ts'
import { anonClient } from '../../kit/clients.ts'
import { admin as setup, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { signUpConfirmed } from '../../kit/sign-up.ts'
import type { Tenant as TestTenant } from '../../kit/tenants.ts'
import { accept, confirm, invite, makeWorld, membership } from './guest.ts'

let owner: Person
let guest: Person
let tenant: TestTenant
beforeEach(async () => {
  ;({ owner, guest, tenant } = await makeWorld())
})

describe('accepting', () => {
  it('makes an existing person a member, in the role that was offered', async () => {
    const { token } = await invite(tenant, owner, guest.email)
    expect(Tenant.parse(await (await accept(guest, token)).json())).toMatchObject({
      ref_id: tenant.ref_id,
      role: 'admin',
    })
    expect(await membership(tenant, guest)).toEqual({ role: 'admin', status: 'active' })
  })

  it('makes a new person a member, who signs up with the invited address first', async () => {
    const email = `${randomUUID()}@example.com`
    const { token } = await invite(tenant, owner, email, 'member')

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
    const { token } = await invite(tenant, owner, email, 'reviewer')
    const supabase = anonClient()
    await signUpConfirmed(supabase, email)
    const { data } = await supabase.rpc('accept_invitation', { token })
    expect(data).toMatchObject({ tenant_id: tenant.id, role: 'reviewer', status: 'active' })
  })

  it('is told the same again, when the answer got lost', async () => {
    const { token } = await invite(tenant, owner, guest.email)
    const first = await (await accept(guest, token)).json()
    const second = await accept(guest, token)
    expect([second.status, await second.json()]).toEqual([200, first])
  })

  it('compares addresses without regard to case', async () => {
    await superuser.query('update auth.users set email = upper(email) where id = $1', [guest.id])
    const { token } = await invite(tenant, owner, guest.email)
    expect((await accept(guest, token)).status).toBe(200)
  })
})

describe('at the same moment', () => {
  it('ten attempts of one person are one membership and one answer', async () => {
    const { token } = await invite(tenant, owner, guest.email)
    const answers = await Promise.all(Array.from({ length: 10 }, () => accept(guest, token)))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(new Set(await Promise.all(answers.map((answer) => answer.text()))).size).toBe(1)
    expect(await membership(tenant, guest)).toEqual({ role: 'admin', status: 'active' })
  })

  it('of two people who have the address, one after the other, one wins', async () => {
    const twin = await makePerson()
    const { token } = await invite(tenant, owner, guest.email)
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
    expect(await membership(tenant, guest)).toMatchObject({ status: 'active' })
    expect(await membership(tenant, twin)).toBeUndefined()
  })

  it('accepted and revoked is one or the other, and never both', async () => {
    for (let round = 0; round < 5; round++) {
      const person = await makePerson()
      await confirm(person)
      const { token, ref_id } = await invite(tenant, owner, person.email)
      const [accepted, revoked] = await Promise.all([
        accept(person, token),
        call(`/registry/tenants/${tenant.slug}/invitations/${ref_id}`, {
          method: 'DELETE',
          token: owner.token,
        }),
      ])
      expect([accepted.status, revoked.status]).toEqual(accepted.status === 200 ? [200, 404] : [404, 204])
      expect((await membership(tenant, person)) !== undefined).toBe(accepted.status === 200)
    }
  })

  it('accepted and sent again leaves no second use', async () => {
    const { token, ref_id } = await invite(tenant, owner, guest.email)
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
