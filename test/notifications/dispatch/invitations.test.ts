import { createHash, randomUUID } from 'node:crypto'
import { beforeEach, expect, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin, asUser, superuser } from '../../kit/db.ts'
import { mailTo } from '../../kit/mailbox.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { makeReader, settledJobs } from './world.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  await admin.query(`update public.tenants set locale = 'fr' where id = $1`, [tenant.id])
  await admin.query(`update public.tenant_brands set display_name = 'Ada & Co' where tenant_id = $1`, [
    tenant.id,
  ])
})

const invite = async (email: string) => {
  const response = await call(`/registry/tenants/${tenant.slug}/invitations`, {
    token: owner.token,
    body: { email, role: 'member' },
  })
  expect(response.status, await response.clone().text()).toBe(201)
  return (await response.json()) as { token: string; ref_id: string }
}

it('an invitation is mailed in the language of the tenant, with a link that accepts it', async () => {
  const email = `${randomUUID()}@example.com`
  const { token } = await invite(email)
  // The token is kept no longer than it takes to mail it.
  expect(await settledJobs(tenant)).toMatchObject([{ status: 'sent', type: 'invitation', data: {} }])
  const [mail, ...more] = await mailTo(email)
  expect(more).toEqual([])
  expect(mail!.subject).toBe('Vous êtes invité à rejoindre Ada & Co')
  expect(mail!.links.filter((link) => link.endsWith(`/join#${token}`))).toHaveLength(1)
})

it('in the language of the person, who has an account', async () => {
  const guest = await makeReader()
  await admin.query(`update public.user_profiles set locale = 'de-CH' where user_id = $1`, [guest.id])
  await invite(guest.email)
  await settledJobs(tenant)
  expect((await mailTo(guest.email)).map(({ subject }) => subject)).toEqual([
    'Du bist zu Ada & Co eingeladen',
  ])
})

it('that is sent again has another link', async () => {
  const email = `${randomUUID()}@example.com`
  const { ref_id } = await invite(email)
  await settledJobs(tenant)
  await admin.query(
    `update public.tenant_invitations set sent_at = now() - interval '2 minutes' where tenant_id = $1`,
    [tenant.id],
  )
  const again = await call(`/registry/tenants/${tenant.slug}/invitations/${ref_id}/resend`, {
    token: owner.token,
    body: {},
  })
  const { token } = (await again.json()) as { token: string }
  await settledJobs(tenant)
  const mails = await mailTo(email)
  expect(mails).toHaveLength(2)
  expect(mails[1]!.links.some((link) => link.endsWith(`#${token}`))).toBe(true)
})

it('nobody is mailed a link that accepts nothing', async () => {
  const hash = createHash('sha256').update('another').digest()
  const refused = asUser(owner.id, (db) =>
    db.query(`select public.invite_member($1, 'a@example.com', 'member', $2, token => 'this one')`, [
      tenant.id,
      hash,
    ]),
  )
  await expect(refused).rejects.toMatchObject({ message: 'invalid_value' })
  const { rows } = await superuser.query('select 1 from private.notification_jobs where tenant_id = $1', [
    tenant.id,
  ])
  expect(rows).toEqual([])
})

it('who unsubscribed is not invited by mail any more', async () => {
  const email = `${randomUUID()}@example.com`
  await admin.query(`select private.suppress($1, 'email', $2, 'unsubscribed')`, [tenant.id, email])
  await invite(email)
  expect(await settledJobs(tenant)).toMatchObject([{ status: 'suppressed' }])
  expect(await mailTo(email)).toEqual([])
  expect(
    (
      await problemOf(
        await call(`/registry/tenants/${tenant.slug}/invitations`, {
          token: owner.token,
          body: { email, role: 'member' },
        }),
      )
    ).code,
  ).toBe('already_invited')
})
