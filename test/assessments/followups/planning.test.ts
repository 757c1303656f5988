import { beforeAll, describe, expect, it } from 'vitest'
import { Followup, Followups } from '../../../lib/assessments/followups/schema.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, rolledBack, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { ada, configure, heroic, makeCampaign, Taker } from '../taking/taker.ts'
import { endsOf, followupsOf, makeDue, planFollowup, sendDue } from './planned.ts'

let owner: Person
let member: Person
let reviewer: Person
beforeAll(async () => {
  ;[owner, member, reviewer] = [await makePerson(), await makePerson(), await makePerson()]
})
const makeOwn = () => makeTenant({ owner, member, reviewer })

/** Somebody who has taken a campaign of this tenant. */
async function completed(tenant: Tenant, contact: object = ada): Promise<Taker> {
  const taker = await Taker.begun(await makeCampaign(tenant), contact, heroic)
  await taker.result()
  return taker
}

const ask = (tenant: Tenant, path: string, method = 'GET', by = member) =>
  call(`/assessments/followups${path}`, { method, token: by.token, tenant: tenant.slug })
const listed = async (tenant: Tenant, search = '') => {
  const response = await ask(tenant, search)
  expect(response.status, await response.clone().text()).toBe(200)
  return Followups.parse(await response.json()).followups
}
const move = async (tenant: Tenant, taker: Taker, client_status: string) => {
  const participant = (await taker.row('participant_sessions'))!.ref_id
  const response = await call(`/assessments/participants/${participant}`, {
    method: 'PATCH',
    token: member.token,
    tenant: tenant.slug,
    body: { client_status },
  })
  expect(response.status, await response.clone().text()).toBe(200)
}

describe('a completed assessment', () => {
  it('plans the follow-ups of the configuration, once', async () => {
    const tenant = await makeOwn()
    const taker = await completed(tenant)
    await Promise.all([taker.complete(), taker.complete(), taker.identify(ada)])
    expect(await followupsOf(tenant)).toMatchObject([
      { followup_id: 'day3', template: 'followup_day3', status: 'planned', hours: 72 },
      { followup_id: 'day10', template: 'followup_day10', status: 'planned', hours: 240 },
    ])
  })

  it('plans those that the tenant has in their place', async () => {
    const tenant = await makeOwn()
    const campaign = await makeCampaign(tenant)
    await configure(tenant, 'communications', {
      followups: [{ id: 'soon', after_hours: 1, template: 'followup_day3' }],
    })
    await (await Taker.begun(campaign, ada, heroic)).result()
    expect(await followupsOf(tenant)).toMatchObject([{ followup_id: 'soon', hours: 1 }])
  })

  it('plans none without the feature, nor for a participant who is a client before the end', async () => {
    const tenant = await makeOwn()
    const taker = await Taker.begun(await makeCampaign(tenant), ada, heroic)
    const complete = `select private.complete_session(sha256($1), 1, 'money-archetypes', 1, 0, '[]', 'hero', null, null, 5, 16,
      '[{"id": "day3", "after_hours": 72, "template": "followup_day3"}]')`
    const planned = (before: string) =>
      rolledBack(superuser, async (db) => {
        await db.query(before)
        await db.query(complete, [taker.token])
        return endsOf(tenant, db)
      })
    expect(await planned(`select`)).toEqual(['day3 planned'])
    expect(await planned(`update public.plans set features = array_remove(features, 'followups')`)).toEqual(
      [],
    )
    const client = `update public.participant_sessions set client_status = 'converted' where tenant_id = '${tenant.id}'`
    expect(await planned(client)).toEqual([])
  })

  it('has no follow-ups any more when its participant is deleted', async () => {
    const tenant = await makeOwn()
    await completed(tenant)
    await admin.query('delete from public.participant_sessions where tenant_id = $1', [tenant.id])
    expect(await followupsOf(tenant)).toEqual([])
  })
})

describe('a participant who is moved', () => {
  it.each(['converted', 'archived'])('to %s gets none, also after a move back', async (status) => {
    const tenant = await makeOwn()
    const taker = await completed(tenant)
    await move(tenant, taker, status)
    const cancelled = [`day10 cancelled ${status}`, `day3 cancelled ${status}`]
    expect(await endsOf(tenant)).toEqual(cancelled)
    const [one] = await listed(tenant)
    expect(one).toMatchObject({ settled_by: member.refId })
    await move(tenant, taker, 'contacted')
    await makeDue(tenant)
    await sendDue(tenant)
    expect(await endsOf(tenant)).toEqual(cancelled)
  })

  it('to contacted gets those that are planned', async () => {
    const tenant = await makeOwn()
    await move(tenant, await completed(tenant), 'contacted')
    expect(await endsOf(tenant)).toEqual(['day10 planned', 'day3 planned'])
  })
})

describe('the list', () => {
  it('shows each with its participant, and those of a status or of a participant alone', async () => {
    const tenant = await makeOwn()
    const [first, second] = [await completed(tenant), await completed(tenant, {})]
    await move(tenant, first, 'converted')
    const all = await listed(tenant)
    expect(all.map(({ status, participant: { email } }) => [status, email]).sort()).toEqual([
      ['cancelled', ada.email],
      ['cancelled', ada.email],
      ['planned', null],
      ['planned', null],
    ])
    expect((await listed(tenant, '?status=planned')).map(({ status }) => status)).toEqual([
      'planned',
      'planned',
    ])
    const participant = (await second.row('participant_sessions'))!.ref_id as string
    const theirs = await listed(tenant, `?participant=${participant}&limit=1`)
    expect(theirs).toMatchObject([{ participant: { ref_id: participant, email: null, full_name: null } }])
    expect(await listed(tenant, `?participant=${participant}&status=sent`)).toEqual([])
  })

  it('is refused with a status or a participant that cannot be one', async () => {
    const tenant = await makeOwn()
    expect(await problemOf(await ask(tenant, '?status=lost'))).toMatchObject({
      status: 422,
      code: 'invalid_query',
    })
    expect(await problemOf(await ask(tenant, '?participant=x'))).toMatchObject({
      status: 422,
      code: 'invalid_query',
    })
  })
})

describe('by hand', () => {
  const changed = async (response: Response) => {
    expect(response.status, await response.clone().text()).toBe(200)
    return Followup.parse(((await response.json()) as { followup: unknown }).followup)
  }

  it('one is cancelled, and a second time it is the same', async () => {
    const tenant = await makeOwn()
    const ref = await planFollowup(tenant)
    const cancel = (by = member) => ask(tenant, `/${ref}/cancel`, 'POST', by)
    expect((await cancel(reviewer)).status).toBe(403)
    const first = await changed(await cancel())
    expect(first).toMatchObject({
      status: 'cancelled',
      cancel_reason: 'by_hand',
      settled_by: member.refId,
    })
    expect(await changed(await cancel(owner))).toEqual(first)
    expect(await problemOf(await ask(tenant, `/${ref}/send-now`, 'POST'))).toMatchObject({
      status: 409,
      code: 'followup_settled',
    })
  })

  it('one is sent now, and then it cannot be cancelled', async () => {
    const tenant = await makeOwn()
    await completed(tenant, { ...ada, email: `now-${tenant.slug}@example.com` })
    const [one] = await followupsOf(tenant)
    const send = () => ask(tenant, `/${one!.ref_id}/send-now`, 'POST')
    expect(new Date((await changed(await send())).due_at).getTime()).toBeLessThanOrEqual(Date.now() + 1_000)
    await sendDue(tenant)
    expect(await endsOf(tenant)).toEqual(['day10 planned', 'day3 sent'])
    expect((await changed(await send())).status).toBe('sent')
    expect(await problemOf(await ask(tenant, `/${one!.ref_id}/cancel`, 'POST'))).toMatchObject({
      status: 409,
      code: 'followup_settled',
    })
  })

  it('is either cancelled or sent, when both happen at once', async () => {
    const tenant = await makeOwn()
    await completed(tenant, { ...ada, email: `both-${tenant.slug}@example.com` })
    const [one] = await followupsOf(tenant)
    await makeDue(tenant, 'day3')
    const [answer] = await Promise.all([ask(tenant, `/${one!.ref_id}/cancel`, 'POST'), sendDue(tenant)])
    await sendDue(tenant)
    const { rowCount } = await admin.query('select from private.notification_jobs where address = $1', [
      `both-${tenant.slug}@example.com`,
    ])
    const end = (await endsOf(tenant)).find((text) => text.startsWith('day3'))
    expect([answer.status, rowCount, end]).toEqual(
      answer.status === 200 ? [200, 0, 'day3 cancelled by_hand'] : [409, 1, 'day3 sent'],
    )
  })

  it.each(['cancel', 'send-now'])('%s of another tenant’s is 404, and changes nothing', async (what) => {
    const [tenant, other] = [await makeOwn(), await makeTenant()]
    const ref = await planFollowup(other)
    expect(await problemOf(await ask(tenant, `/${ref}/${what}`, 'POST'))).toMatchObject({
      status: 404,
      code: 'followup_not_found',
    })
    expect(await followupsOf(other)).toMatchObject([{ status: 'planned', hours: 72 }])
  })
})

it('all and those of one status are listed in turn, on the same connections', async () => {
  const tenant = await makeOwn()
  await completed(tenant)
  for (let n = 0; n < 5; n++)
    expect([(await listed(tenant)).length, (await listed(tenant, '?status=planned')).length]).toEqual([2, 2])
})
