import { beforeAll, describe, expect, it } from 'vitest'
import { Offer, Participants, Pipeline } from '../../../lib/assessments/index.ts'
import { readPipeline } from '../../../lib/assessments/pipeline/queries.ts'
import type { Db, Sql } from '../../../lib/db/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, rolledBack, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { type Campaign, configure, heroic, makeCampaign, offerOf, Taker } from './taker.ts'

const personas = [{ id: 'founder', name: 'Founders', description: 'They own the till.' }]

let reviewer: Person
let tenant: Tenant
let campaign: Campaign
/** Of a tenant whose landing has no personas. */
let without: Campaign
beforeAll(async () => {
  reviewer = await makePerson()
  tenant = await makeTenant({ reviewer })
  await configure(tenant, 'landing_overrides', { personas, traffic_split: 0.3 })
  campaign = await makeCampaign(tenant)
  without = await makeCampaign(await makeTenant())
})

const variantOf = async (taker: Taker) => (await taker.row('participant_sessions'))?.landing_variant
const pipelineOf = async (one: Campaign | null) => {
  const answer = await call(`/assessments/pipeline${one ? `?campaign=${one.ref_id}` : ''}`, {
    token: reviewer.token,
    tenant: tenant.slug,
  })
  return Pipeline.parse(await answer.json()).landing_variants
}

describe('the landing', () => {
  it('tells to what share its personas are shown', async () => {
    const { landing } = Offer.parse(await (await offerOf(campaign)).json())
    expect(landing).toMatchObject({ personas, traffic_split: 0.3 })
  })

  it.each(['personas', 'plain'])('that was seen is kept with the session: %s', async (variant) => {
    const taker = await Taker.begun(campaign, { landing_variant: variant })
    expect(await variantOf(taker)).toBe(variant)
    // A browser that did not hear the answer asks again, and cannot say something else then.
    expect((await taker.begin({ landing_variant: variant === 'plain' ? 'personas' : 'plain' })).status).toBe(
      201,
    )
    expect(await variantOf(taker)).toBe(variant)
  })

  it('is not known where nobody says it', async () => {
    expect(await variantOf(await Taker.begun(campaign))).toBeNull()
  })

  it('is not kept where there are no personas, because there is nothing to compare', async () => {
    expect(await variantOf(await Taker.begun(without, { landing_variant: 'personas' }))).toBeNull()
  })

  it.each(['', 'Personas', 'b', null, 1, ['plain']])('is refused as %j', async (landing_variant) => {
    const taker = new Taker(campaign)
    expect(await problemOf(await taker.begin({ landing_variant }))).toMatchObject({
      status: 422,
      pointers: ['/landing_variant'],
    })
    expect(await taker.row('participant_sessions')).toBeUndefined()
  })

  it('is one of two, also for the service', async () => {
    await expect(
      admin.query(
        `insert into public.participant_sessions (tenant_id, landing_variant) values ($1, 'third')`,
        [tenant.id],
      ),
    ).rejects.toThrow('landing_variant_is_known')
  })
})

describe('the figures of a campaign', () => {
  it('say for each landing how many began, completed and became clients', async () => {
    const own = await makeCampaign(tenant, { name: 'Compared' })
    const begin = (landing_variant?: string, answers?: object) =>
      Taker.begun(own, landing_variant ? { landing_variant } : {}, answers)
    for (const variant of ['personas', 'personas', 'personas', 'plain', undefined]) await begin(variant)
    const done = [
      await begin('personas', heroic),
      await begin('plain', heroic),
      await begin(undefined, heroic),
    ]
    for (const each of done) await each.result()
    await admin.query(
      `update public.participant_sessions set client_status = 'converted' where token_hash = sha256($1)`,
      [done[0]!.token],
    )
    expect(await pipelineOf(own)).toEqual({
      personas: { started: 4, completed: 1, converted: 1 },
      plain: { started: 2, completed: 1, converted: 0 },
    })
    const seen = await call(`/assessments/participants?campaign=${own.ref_id}&client_status=converted`, {
      token: reviewer.token,
      tenant: tenant.slug,
    })
    expect(Participants.parse(await seen.json()).participants).toMatchObject([
      { landing_variant: 'personas' },
    ])
  })

  it('say nothing of the landings where no campaign is named, nor of one that another tenant has', async () => {
    await Taker.begun(campaign, { landing_variant: 'plain' })
    expect(await pipelineOf(null)).toBeNull()
    const other = await makeTenant()
    await configure(other, 'landing_overrides', { personas })
    const foreign = await makeCampaign(other)
    await Taker.begun(foreign, { landing_variant: 'plain' })
    const none = { started: 0, completed: 0, converted: 0 }
    expect(await pipelineOf(foreign)).toEqual({ personas: none, plain: none })
  })

  it('cost what the campaign has, and not what other campaigns and tenants have', () =>
    rolledBack(superuser, async (db) => {
      let asked: Sql | undefined
      // The statement as the route sends it.
      const recording = {
        query: async (statement: Sql) => {
          asked = statement
          return []
        },
      } as unknown as Db
      await readPipeline(recording, tenant.id, { campaign: campaign.ref_id })
      const cost = async () => {
        const { rows } = await db.query(
          `explain (analyze, buffers, format json) ${asked?.text}`,
          asked?.values,
        )
        const [{ Plan }] = rows[0]['QUERY PLAN']
        return Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks']
      }
      await cost()
      const few = await cost()
      // Rows alone: the triggers of participants would take minutes.
      await db.query('set local session_replication_role = replica')
      await db.query(
        `insert into public.participant_sessions (tenant_id, campaign_id, landing_variant)
         select case when n % 2 = 0 then $1 else gen_random_uuid() end, gen_random_uuid(), 'plain' from generate_series(1, 40000) as n`,
        [tenant.id],
      )
      await db.query('analyze public.participant_sessions')
      expect(await cost()).toBeLessThan(few + 20)
    }))
})
