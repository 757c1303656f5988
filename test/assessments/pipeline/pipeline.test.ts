import { beforeAll, describe, expect, it } from 'vitest'
import { Completions, ParticipantDetails, Participants, Pipeline } from '../../../lib/assessments/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, asUser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { ada, type Campaign, heroic, makeCampaign, Taker } from '../taking/taker.ts'

let member: Person
let reviewer: Person
let tenant: Tenant
let campaign: Campaign
let taker: Taker
beforeAll(async () => {
  ;[member, reviewer] = [await makePerson(), await makePerson()]
  tenant = await makeTenant({ member, reviewer })
  campaign = await makeCampaign(tenant)
  taker = await Taker.begun(campaign, ada, heroic)
  await taker.result()
})

const ask = (
  path: string,
  { by = member, of = tenant, ...options }: Parameters<typeof call>[1] & { by?: Person; of?: Tenant } = {},
) => call(`/assessments${path}`, { token: by.token, tenant: of.slug, ...options })
const participants = async (search = '') =>
  Participants.parse(await (await ask(`/participants${search}`)).json()).participants
const move = (ref: string, client_status: string, options = {}) =>
  ask(`/participants/${ref}`, { method: 'PATCH', body: { client_status }, ...options })
const add = async (set: string, of = tenant) =>
  (
    await admin.query<{ ref_id: string }>(
      `insert into public.participant_sessions (tenant_id, client_status, started_at, completed_at) select $1, ${set} returning ref_id`,
      [of.id],
    )
  ).rows[0]!.ref_id

describe('a participant', () => {
  it('is seen with contact, campaign and what leads in the result', async () => {
    const [found] = await participants('?client_status=completed')
    expect(found).toMatchObject({
      campaign: { ref_id: campaign.ref_id, name: 'Spring intake' },
      ...ada,
      client_status: 'completed',
      primary_id: 'hero',
      mode: 'likert',
    })
  })

  it('is read with answers, scores and the way through the pipeline', async () => {
    const [found] = await participants('?client_status=completed')
    const details = ParticipantDetails.parse(
      await (await ask(`/participants/${found?.ref_id}`, { by: reviewer })).json(),
    )
    expect(details.answers).toEqual(heroic)
    expect(details.result?.scores[0]).toEqual({ id: 'hero', score: 95, band: 'high' })
    expect(
      details.moves.map(({ from_status, to_status, moved_by }) => [from_status, to_status, moved_by]),
    ).toEqual([
      ['started', 'completed', null],
      ['registered', 'started', null],
      [null, 'registered', null],
    ])
  })

  it('is moved by a member, who stands in the history, over REST as well', async () => {
    const ref = await add(`'completed', now(), now()`)
    const moved = ParticipantDetails.parse(await (await move(ref, 'contacted')).json())
    await asUser(member.id, async (db) => {
      await db.query(`update public.participant_sessions set client_status = 'converted' where ref_id = $1`, [
        ref,
      ])
      const { rows } = await db.query(
        `select m.to_status, m.moved_by from public.participant_moves as m
         join public.participant_sessions as s on s.tenant_id = m.tenant_id and s.id = m.session_id
         where s.ref_id = $1 order by m.id desc limit 1`,
        [ref],
      )
      expect(rows).toEqual([{ to_status: 'converted', moved_by: member.id }])
    })
    expect(moved.moves[0]).toMatchObject({ from_status: 'completed', to_status: 'contacted' })
    expect(moved.moves[0]?.moved_by).toMatch(/^[0-9A-Z]{26}$/)
  })

  it('that is moved to where it is has no new line in its history', async () => {
    const ref = await add(`'contacted', null, null`)
    const again = ParticipantDetails.parse(await (await move(ref, 'contacted')).json())
    expect(again.moves).toHaveLength(1)
  })

  it.each([
    [`'completed', now(), now()`, 'registered', 422],
    [`'completed', now(), now()`, 'started', 422],
    [`'started', now(), null`, 'registered', 422],
    [`'archived', now(), now()`, 'started', 422],
    [`'archived', null, null`, 'registered', 200],
    [`'archived', now(), now()`, 'completed', 200],
    [`'converted', now(), now()`, 'contacted', 200],
    [`'registered', null, null`, 'converted', 200],
  ])('of %s that is moved to %s: %i', async (set, to, status) => {
    const refused = await move(await add(set), to)
    expect(refused.status).toBe(status)
    if (status === 422) expect(await problemOf(refused)).toMatchObject({ pointers: ['/client_status'] })
  })

  it('with a result stays completed, whoever would take it back', async () => {
    const { rows } = await admin.query(
      `select id from public.participant_sessions where token_hash = sha256($1)`,
      [taker.token],
    )
    const undo = `update public.participant_sessions set completed_at = null, client_status = 'started' where id = $1`
    await expect(asUser(member.id, (db) => db.query(undo, [rows[0].id]))).rejects.toThrow('session_completed')
    await expect(admin.query(undo, [rows[0].id])).rejects.toThrow('session_completed')
  })

  it.each([
    ['a word that is no status', 'lost', 422],
    ['nothing', undefined, 422],
  ])('is not moved to %s', async (_, to, status) => {
    const [found] = await participants()
    expect((await move(found!.ref_id, to as string)).status).toBe(status)
  })

  it('of another tenant is not there, nor is one that never was', async () => {
    const foreign = await add(`'completed', now(), now()`, await makeTenant())
    for (const ref of [foreign, '01JD3ND3E5R7T9V1X3Z5B7D9F1'])
      for (const refused of [await ask(`/participants/${ref}`), await move(ref, 'contacted')])
        expect(await problemOf(refused)).toMatchObject({ status: 404, code: 'participant_not_found' })
  })

  it('is not moved in a frozen tenant, nor by a reviewer', async () => {
    const frozen = await makeTenant({ member, reviewer })
    const ref = await add(`'completed', now(), now()`, frozen)
    expect((await problemOf(await move(ref, 'contacted', { of: frozen, by: reviewer }))).status).toBe(403)
    await admin.query(`update public.tenants set status = 'frozen' where id = $1`, [frozen.id])
    expect((await problemOf(await move(ref, 'contacted', { of: frozen }))).code).toBe('tenant_frozen')
  })
})

describe('the list', () => {
  it('has only those of a status, of a campaign, or of both', async () => {
    const other = await makeCampaign(tenant, { name: 'Other' })
    const there = await Taker.begun(other)
    expect((await participants(`?campaign=${other.ref_id}`)).map(({ ref_id }) => ref_id)).toEqual([
      (await there.row('participant_sessions'))?.ref_id,
    ])
    expect(await participants(`?campaign=${other.ref_id}&client_status=completed`)).toEqual([])
    const all = await participants('?client_status=registered')
    expect(new Set(all.map(({ client_status }) => client_status))).toEqual(new Set(['registered']))
  })

  it('has nobody of a campaign that another tenant has', async () => {
    const foreign = await makeCampaign(await makeTenant())
    await Taker.begun(foreign)
    expect(await participants(`?campaign=${foreign.ref_id}`)).toEqual([])
  })

  it.each(['?client_status=lost', '?campaign=spring', '?sort=name', '?limit=1000'])(
    'is refused with %s',
    async (search) => {
      expect((await ask(`/participants${search}`)).status).toBe(422)
    },
  )
})

describe('the figures', () => {
  it('count each status, and who went on', async () => {
    const own = await makeTenant({ member })
    for (const set of [
      `'registered', null, null`,
      `'started', now(), null`,
      `'completed', now(), now()`,
      `'converted', now(), now()`,
    ])
      await add(set, own)
    const read = async () => Pipeline.parse(await (await ask('/pipeline', { of: own })).json())
    expect(await read()).toEqual({
      statuses: { registered: 1, started: 1, completed: 1, contacted: 0, converted: 1, archived: 0 },
      total: 4,
      completed_share: 0.5,
      converted_share: 0.5,
      landing_variants: null,
    })
    const empty = Pipeline.parse(await (await ask('/pipeline', { of: await makeTenant({ member }) })).json())
    expect(empty).toMatchObject({ total: 0, completed_share: null, converted_share: null })
  })

  it('count completions by the days of the tenant’s own zone', async () => {
    const own = await makeTenant({ member })
    await admin.query(`update public.tenants set time_zone = 'Asia/Kolkata' where id = $1`, [own.id])
    const one = await makeCampaign(own)
    for (const at of ['2026-03-01T18:29:00Z', '2026-03-01T18:31:00Z', '2026-03-02T10:00:00Z']) {
      const each = await Taker.begun(one, {}, heroic)
      await each.result()
      await admin.query(
        `update public.assessment_results as r set completed_at = $2 from public.participant_sessions as s
         where s.tenant_id = r.tenant_id and s.id = r.session_id and s.token_hash = sha256($1)`,
        [each.token, at],
      )
    }
    const path = (search: string) =>
      `/pipeline/completions?since=2026-03-01T00:00:00Z&until=2026-03-31T00:00:00Z${search}`
    const read = async (search = '') => Completions.parse(await (await ask(path(search), { of: own })).json())
    const entry = { framework_id: 'money-archetypes', mode: 'likert' }
    expect(await read()).toEqual({
      time_zone: 'Asia/Kolkata',
      days: [
        { day: '2026-03-01', ...entry, count: 1 },
        { day: '2026-03-02', ...entry, count: 2 },
      ],
    })
    expect((await read(`&campaign=${(await makeCampaign(own)).ref_id}`)).days).toEqual([])
  })

  it.each([
    '?since=yesterday',
    '?since=2026-03-02T00:00:00Z&until=2026-03-01T00:00:00Z',
    '?since=2020-01-01T00:00:00Z',
  ])('are refused for %s', async (search) => {
    expect((await ask(`/pipeline/completions${search}`)).status).toBe(422)
  })
})
