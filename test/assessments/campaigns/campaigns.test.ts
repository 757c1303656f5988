import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { changeBrand } from '../../branding/brand/editor.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, asService, asUser, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
})
beforeEach(async () => {
  tenant = await makeTenant({ owner })
})

/** Makes a campaign and says its id, past what only people are asked. */
async function campaign(columns: Record<string, unknown> = {}): Promise<string> {
  const all = { tenant_id: tenant.id, name: 'Spring', ...columns }
  const names = Object.keys(all)
  const { rows } = await admin.query<{ id: string }>(
    `insert into public.campaigns (${names}) values (${names.map((_, n) => `$${n + 1}`)}) returning id`,
    Object.values(all),
  )
  return rows[0]!.id
}
const set = (id: string, change: string) =>
  admin.query(`update public.campaigns set ${change} where tenant_id = $1 and id = $2`, [tenant.id, id])
const enable = (names: string) =>
  admin.query('update public.tenant_brands set enabled_assessments = $2 where tenant_id = $1', [
    tenant.id,
    names,
  ])
const participant = (id: string | null) =>
  admin.query(
    'insert into public.participant_sessions (tenant_id, campaign_id) values ($1, $2) returning id',
    [tenant.id, id],
  )

describe('the assessment of a campaign', () => {
  it('is one that the product knows, whoever makes the campaign', async () => {
    const unknown = { code: 'PT422', message: 'unknown_assessment' }
    await expect(campaign({ assessment_type: 'leadership-values' })).rejects.toMatchObject({
      ...unknown,
      detail: expect.stringContaining('industry4, money-archetypes'),
      hint: expect.stringContaining('/assessment_type'),
    })
    const insert = `insert into public.campaigns (tenant_id, name, assessment_type) values ('${tenant.id}', 'x', 'nothing')`
    await expect(asUser(owner.id, (db) => db.query(insert))).rejects.toMatchObject(unknown)
    await expect(asService((db) => db.query(insert))).rejects.toMatchObject(unknown)
  })

  it('is one that the tenant has enabled, and none is enabled for who is no coach', async () => {
    const refused = { code: 'PT422', message: 'assessment_not_enabled' }
    await expect(campaign({ assessment_type: 'money-archetypes' })).rejects.toMatchObject({
      ...refused,
      detail: expect.stringContaining('A manager adds it to enabled_assessments'),
    })
    const id = await campaign()
    await expect(set(id, `assessment_type = 'money-archetypes'`)).rejects.toMatchObject(refused)
    await enable('{industry4,money-archetypes}')
    await set(id, `assessment_type = 'money-archetypes'`)
    const { rows } = await admin.query(
      `insert into public.tenants (slug, name, status, tenant_type) values ($1, 'Shop', 'active', 'shop')
       returning (select array_agg(b.enabled_assessments) from public.tenant_brands as b where b.tenant_id = id) as before, id`,
      [`${tenant.slug}-shop`],
    )
    await expect(campaign({ tenant_id: rows[0].id })).rejects.toMatchObject(refused)
  })

  it('says nothing of a tenant to a stranger, whatever they name', async () => {
    const stranger = await makePerson()
    const heard = (type: string) =>
      asUser(stranger.id, (db) =>
        db
          .query('insert into public.campaigns (tenant_id, name, assessment_type) values ($1, $2, $3)', [
            tenant.id,
            'x',
            type,
          ])
          .then(
            () => 'made',
            ({ code }) => code,
          ),
      )
    expect([await heard('industry4'), await heard('money-archetypes')]).toEqual(['42501', '42501'])
  })
})

describe('an assessment that campaigns use', () => {
  it('is not disabled under open campaigns, which are named, and the brand stays as it was', async () => {
    for (const name of ['One', 'Two', 'Three', 'Four', 'Five', 'Six']) await campaign({ name })
    const disabling = await changeBrand(
      { token: owner.token, tenant: tenant.slug },
      { display_name: 'Renamed', enabled_assessments: [] },
    )
    const told = await disabling.json()
    expect([disabling.status, told.code, told.campaign_count]).toEqual([409, 'assessment_in_use', 6])
    expect(told.campaigns.map(({ name }: { name: string }) => name)).toEqual([
      'One',
      'Two',
      'Three',
      'Four',
      'Five',
    ])
    const { rows } = await admin.query(
      'select display_name, enabled_assessments from public.tenant_brands where tenant_id = $1',
      [tenant.id],
    )
    expect(rows).toEqual([{ display_name: tenant.slug, enabled_assessments: ['industry4'] }])
    await expect(
      asUser(owner.id, (db) =>
        db.query(
          `update public.tenant_profiles set enabled_assessments = '{money-archetypes}' where id = $1`,
          [tenant.id],
        ),
      ),
    ).rejects.toMatchObject({ code: 'PT409', message: 'assessment_in_use' })
  })

  it('is disabled where they are drafts or closed, which are not opened again before it is enabled', async () => {
    const [draft, closed] = [await campaign({ status: 'draft' }), await campaign()]
    await expect(enable('{}')).rejects.toMatchObject({ message: 'assessment_in_use' })
    await set(closed, `status = 'closed'`)
    await enable('{}')
    for (const id of [draft, closed])
      await expect(set(id, `status = 'open'`)).rejects.toMatchObject({ message: 'assessment_not_enabled' })
    await set(closed, `name = 'History'`)
    await enable('{industry4}')
    await set(closed, `status = 'open'`)
  })

  it('and is being disabled at the same time, makes one of the two wait and lose', async () => {
    const [one, two] = [await admin.connect(), await admin.connect()]
    try {
      await one.query('begin')
      await one.query(`insert into public.campaigns (tenant_id, name) values ($1, 'Spring')`, [tenant.id])
      const disabling = two
        .query(`update public.tenant_brands set enabled_assessments = '{}' where tenant_id = $1`, [tenant.id])
        .catch(({ message }) => message)
      await expect
        .poll(async () => {
          const { rowCount } = await admin.query(
            `select from pg_stat_activity where wait_event_type = 'Lock' and query like 'update public.tenant_brands set enabled%'`,
          )
          return rowCount
        })
        .toBe(1)
      await one.query('commit')
      expect(await disabling).toBe('assessment_in_use')
    } finally {
      one.release()
      two.release()
    }
  })
})

describe('the columns of a campaign', () => {
  it('mode is one of the assessment, or null for all of them', async () => {
    await enable('{industry4,money-archetypes}')
    const refused = { code: 'PT422', message: 'invalid_value', hint: expect.stringContaining('/mode') }
    await expect(campaign({ mode: 'game' })).rejects.toMatchObject(refused)
    await expect(campaign({ mode: '' })).rejects.toMatchObject(refused)
    const id = await campaign({ mode: 'game', assessment_type: 'money-archetypes' })
    // The other assessment has no such mode.
    await expect(set(id, `assessment_type = 'industry4'`)).rejects.toMatchObject(refused)
    await set(id, `assessment_type = 'industry4', mode = null`)
    await set(id, `mode = 'likert'`)
  })

  it.each([
    `status = 'paused'`,
    'status = null',
    `landing = '[]'`,
    `landing = 'null'`,
    'landing = null',
    `landing = '{"headline": 1}'`,
    `landing = '{"headline": null}'`,
    `landing = '{"headline": " "}'`,
    `landing = '{"intro": ["x"]}'`,
    `landing = '{"colour": "#000000"}'`,
    `landing = jsonb_build_object('headline', repeat('x', 201))`,
    `landing = jsonb_build_object('intro', repeat('x', 2001))`,
    `landing = jsonb_build_object('intro', e'a\\u202eb')`,
    `landing = jsonb_build_object('intro', repeat('x', 1000000))`,
  ])('%s is refused', async (change) => {
    await expect(set(await campaign(), change)).rejects.toMatchObject({
      code: expect.stringMatching(/^235(14|02)$/),
    })
  })

  it('landing holds a headline and an intro, as long as they may be', async () => {
    const id = await campaign({ landing: { headline: 'Ours' } })
    await set(
      id,
      `landing = jsonb_build_object('headline', repeat('ü', 200), 'intro', repeat('x', 1998) || e'\\n.')`,
    )
  })
})

describe('participants', () => {
  it.each(['draft', 'closed'])(
    'are taken by no campaign that is %s, whoever registers them',
    async (status) => {
      const [id, other] = [await campaign({ status }), await campaign()]
      const refused = { code: 'PT409', message: 'campaign_not_open' }
      await expect(participant(id)).rejects.toMatchObject(refused)
      const insert = `insert into public.participant_sessions (tenant_id, campaign_id) values ('${tenant.id}', '${id}')`
      await expect(asUser(owner.id, (db) => db.query(insert))).rejects.toMatchObject(refused)
      await participant(other)
      const moving = admin.query(
        'update public.participant_sessions set campaign_id = $2 where tenant_id = $1',
        [tenant.id, id],
      )
      await expect(moving).rejects.toMatchObject(refused)
      await set(id, `status = 'open'`)
      await participant(id)
    },
  )

  it('stay when their campaign is closed, and go on', async () => {
    const id = await campaign()
    const session = (await participant(id)).rows[0].id
    await set(id, `status = 'closed'`)
    await admin.query(
      `update public.participant_sessions set client_status = 'contacted' where tenant_id = $1 and id = $2`,
      [tenant.id, session],
    )
    await participant(null)
  })
})

describe('a tenant without the feature "assessments"', () => {
  const refused = { code: 'PT402', message: 'feature_not_in_plan' }
  beforeAll(async () => {
    await superuser.query(
      `insert into public.plans (plan, name, price_minor, trial_days, limits) values ('no_assessments', 'Probe', 1, 1, '{"campaigns": 9}')
       on conflict do nothing`,
    )
    return async () => {
      await superuser.query(`update public.tenants set plan = 'enterprise' where plan = 'no_assessments'`)
      await superuser.query(`delete from public.plans where plan = 'no_assessments'`)
    }
  })
  const move = (plan: string) =>
    admin.query('update public.tenants set plan = $2 where id = $1', [tenant.id, plan])

  it('creates and opens no campaign, and changes no framework', async () => {
    const draft = await campaign({ status: 'draft' })
    await move('no_assessments')
    await expect(
      asUser(owner.id, (db) =>
        db.query(`insert into public.campaigns (tenant_id, name) values ($1, 'x')`, [tenant.id]),
      ),
    ).rejects.toMatchObject(refused)
    await asUser(owner.id, async (db) => {
      await db.query(`update public.campaigns set name = 'Renamed' where id = $1`, [draft])
      await expect(
        db.query(`update public.campaigns set status = 'open' where id = $1`, [draft]),
      ).rejects.toMatchObject(refused)
    })
    const ask = (method: string, rest: string, body: object) =>
      call(`/assessments/frameworks/industry4/config${rest}`, {
        method,
        token: owner.token,
        tenant: tenant.slug,
        headers: { 'if-match': '"0"' },
        body,
      })
    for (const answer of [
      await ask('PATCH', '', { landing_overrides: { headline: 'Ours' } }),
      await ask('POST', '/restore', { version: 0 }),
    ])
      expect(await problemOf(answer)).toMatchObject({ status: 402, code: 'feature_not_in_plan' })
    const { rowCount } = await admin.query('select from public.framework_configs where tenant_id = $1', [
      tenant.id,
    ])
    expect(rowCount).toBe(0)
  })

  it('keeps its campaigns for 30 days, then they take nobody, and come back with the feature', async () => {
    const id = await campaign()
    await move('no_assessments')
    await participant(id)
    await admin.query(
      `update public.plan_excesses set switches_off_at = now() - interval '1 second' where tenant_id = $1 and gate = 'campaigns'`,
      [tenant.id],
    )
    await admin.query('select private.settle_plan($1)', [tenant.id])
    await expect(participant(id)).rejects.toMatchObject(refused)
    await move('starter')
    await participant(id)
  })
})
