import { randomUUID } from 'node:crypto'
import { beforeEach, expect, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { jobsOf } from '../dispatch/world.ts'
import { makeUnsettled } from './world.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const list = async () => {
  const answer = await call('/notifications/unsettled', { token: owner.token, tenant: tenant.slug })
  const { unsettled_messages } = (await answer.json()) as { unsettled_messages: object[] }
  return unsettled_messages
}
const settle = (ref: string, body: object, token = owner.token) =>
  call(`/notifications/unsettled/${ref}`, { method: 'PUT', token, tenant: tenant.slug, body })
const states = async () => (await jobsOf(tenant)).map(({ status, error }) => [status, error])

it('a message without an end is listed, with whom it was for', async () => {
  const ref_id = await makeUnsettled(tenant.id)
  expect(await list()).toEqual([
    {
      ...{ ref_id, channel: 'sms', type: 'welcome', provider: 'msg91', recipient: '+447700900123' },
      begun_at: expect.any(String),
    },
  ])
})

it('the number of a member is the present one, and nobody’s who has left', async () => {
  const member = await makePerson()
  await superuser.query(
    `insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'member')`,
    [tenant.id, member.id],
  )
  await superuser.query(`update public.user_profiles set phone = '+447700900155' where user_id = $1`, [
    member.id,
  ])
  await makeUnsettled(tenant.id, { userId: member.id })
  expect(await list()).toMatchObject([{ recipient: '+447700900155' }])
  await superuser.query('delete from public.tenant_members where tenant_id = $1 and user_id = $2', [
    tenant.id,
    member.id,
  ])
  expect(await list()).toMatchObject([{ recipient: null }])
})

it('a manager says whether it was sent, once, and the audit log says who', async () => {
  const [sent, lost] = [await makeUnsettled(tenant.id), await makeUnsettled(tenant.id, { key: 'two' })]
  expect((await settle(sent, { was_sent: true })).status).toBe(204)
  expect((await settle(lost, { was_sent: false })).status).toBe(204)
  expect(await states()).toEqual([
    ['sent', null],
    ['failed', 'A manager says that it was not sent.'],
  ])
  expect(await list()).toEqual([])
  expect(await problemOf(await settle(lost, { was_sent: true }))).toMatchObject({ status: 404 })
  const { rows } = await superuser.query(
    `select actor_id, target_id, metadata from public.audit_log where tenant_id = $1 and action = 'notification_message.settled'
     order by id`,
    [tenant.id],
  )
  expect(rows).toEqual([
    { actor_id: owner.refId, target_id: sent, metadata: { was_sent: true } },
    { actor_id: owner.refId, target_id: lost, metadata: { was_sent: false } },
  ])
})

it('the provider’s word still counts afterwards, and goes only forward', async () => {
  const ref = await makeUnsettled(tenant.id)
  await settle(ref, { was_sent: true })
  const job = (await jobsOf(tenant))[0]!
  const { rows } = await superuser.query<{ id: string }>(
    `insert into public.notification_providers (tenant_id, channel, provider) values ($1, 'sms', 'twilio') returning id`,
    [tenant.id],
  )
  const provider = rows[0]!.id
  const hear = (status: string) =>
    admin.query('select private.take_notification_callbacks($1, $2, $3)', [
      ...[tenant.id, provider],
      JSON.stringify([{ event_id: randomUUID(), job_tenant: tenant.id, job_id: job.id, status, detail: '' }]),
    ])
  await hear('delivered')
  await hear('sent')
  expect(await states()).toEqual([['delivered', null]])
})

it('nobody else settles it: not a member, not another tenant, and not what has an end', async () => {
  const ref = await makeUnsettled(tenant.id)
  const member = await makePerson()
  const stranger = await makePerson()
  await superuser.query(
    `insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'member')`,
    [tenant.id, member.id],
  )
  const other = await makeTenant({ owner: stranger })
  expect(await problemOf(await settle(ref, { was_sent: true }, member.token))).toMatchObject({ status: 403 })
  expect(
    await problemOf(
      await call(`/notifications/unsettled/${ref}`, {
        ...{ method: 'PUT', token: stranger.token, tenant: other.slug, body: { was_sent: true } },
      }),
    ),
  ).toMatchObject({ status: 404 })
  expect(await problemOf(await settle(ref, { was_sent: 'yes' }))).toMatchObject({ status: 422 })
  expect(await states()).toEqual([['unknown', null]])
})

it('ends by itself after seven days, and not before', async () => {
  await makeUnsettled(tenant.id, { key: 'young', hoursAgo: 167 })
  await makeUnsettled(tenant.id, { key: 'old', hoursAgo: 169 })
  await admin.query('select private.end_unsettled_messages(100000)')
  expect((await states()).sort()).toEqual([
    ['failed', 'It may have been sent: the provider said nothing of it for seven days.'],
    ['unknown', null],
  ])
})
