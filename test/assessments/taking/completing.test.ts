import { beforeAll, describe, expect, it } from 'vitest'
import { admin, rolledBack, superuser } from '../../kit/db.ts'
import { eventually } from '../../kit/eventually.ts'
import { mailTo } from '../../kit/mailbox.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { schemaValidators, toldTo } from '../../webhooks/events/told.ts'
import { ada, type Campaign, heroic, makeCampaign, Taker } from './taker.ts'

let owner: Person
let member: Person
let tenant: Tenant
let campaign: Campaign
beforeAll(async () => {
  ;[owner, member] = [await makePerson(), await makePerson()]
  tenant = await makeTenant({ owner, member })
  campaign = await makeCampaign(tenant)
})

describe('a completed session', () => {
  it('is a result, a move, a usage event, four messages to webhooks and one to managers, at once', async () => {
    const own = await makeTenant({ owner, member })
    const taker = await Taker.begun(await makeCampaign(own), { ...ada, locale: 'fr' }, heroic)
    await taker.result()
    expect(await taker.row('assessment_results')).toMatchObject({
      framework_id: 'money-archetypes',
      mode: 'likert',
      locale: 'fr',
      primary_id: 'hero',
      answered_count: 5,
      item_count: 16,
      framework_version: 1,
      config_version: 0,
    })
    expect(await taker.row('participant_sessions')).toMatchObject({ client_status: 'completed' })
    const { rows: usage } = await admin.query(
      `select event_type, event_data from public.usage_events where tenant_id = $1`,
      [own.id],
    )
    expect(usage).toEqual([
      {
        event_type: 'assessment.completed',
        event_data: { framework_id: 'money-archetypes', mode: 'likert' },
      },
    ])
    expect((await toldTo(admin, own.id)).map(({ type }) => type).slice(-4)).toEqual([
      'participant_session.status_changed',
      'participant_session.completed',
      'assessment.completed',
      'analytics.completed',
    ])
    const { rows: told } = await admin.query(
      `select user_id, message from public.notifications where tenant_id = $1 and type = 'assessment.lead'`,
      [own.id],
    )
    expect(told).toEqual([{ user_id: owner.id, message: 'Ada Example has completed Spring intake.' }])
  })

  it('is nothing of it, if a part fails', async () => {
    const taker = await Taker.begun(campaign, ada, heroic)
    const before = (await toldTo(admin, tenant.id)).length
    await rolledBack(superuser, async (db) => {
      await db.query(
        `create function pg_temp.fail() returns trigger language plpgsql as $$ begin raise 'no'; end $$`,
      )
      await db.query(
        `create trigger fail before insert on public.notifications for each row execute function pg_temp.fail()`,
      )
      await expect(
        db.query(
          `select private.complete_session(sha256($1), 1, 'money-archetypes', 1, 0, '[]', 'hero', null, null, 5, 16)`,
          [taker.token],
        ),
      ).rejects.toThrow('no')
    })
    expect(await taker.row('assessment_results')).toBeUndefined()
    expect((await toldTo(admin, tenant.id)).length).toBe(before)
    expect((await taker.result()).answered_count).toBe(5)
  })

  it('gives the CRM the scores, in the form that the catalogue says', async () => {
    const own = await makeTenant()
    await (await Taker.begun(await makeCampaign(own), ada, heroic)).result()
    const events = await toldTo(admin, own.id)
    const validators = await schemaValidators()
    for (const { type, data } of events) expect(validators.get(type)?.(data), type).toBe(true)
    expect(events.find(({ type }) => type === 'assessment.completed')?.data).toMatchObject({
      participant_session: ada,
      result: { scores: [{ id: 'hero', score: 95, band: 'high' }, ...Array(7).fill({})] },
    })
  })

  it('tells analytics what the register of the table calls harmless, and no more', async () => {
    const own = await makeTenant({ owner, member })
    const taker = await Taker.begun(await makeCampaign(own), { ...ada, locale: 'fr' }, heroic)
    await taker.result()
    const { rows } = await superuser.query<{ told: object; registered: object }>(
      `select private.anonymous_result(r) as told, private.anonymous_row(to_jsonb(r), 'public.assessment_results') as registered
       from public.assessment_results as r where r.tenant_id = $1`,
      [own.id],
    )
    expect(rows).toHaveLength(1)
    expect(rows[0]!.told).toEqual(rows[0]!.registered)
  })

  it('is anonymous for analytics: no field of the event is known from the person or the session', async () => {
    const own = await makeTenant()
    const person = {
      email: 'zoe.quux@example.org',
      full_name: 'Zoe Quux',
      has_consented: true,
    }
    const taker = await Taker.begun(await makeCampaign(own, { name: 'Only for Zoe Quux' }), person, heroic)
    await taker.result()
    const event = (await toldTo(admin, own.id)).find(({ type }) => type === 'analytics.completed')
    const text = JSON.stringify(event?.data)
    const session = (await taker.row('participant_sessions'))!
    const result = (await taker.row('assessment_results'))!
    const known = [session.id, session.ref_id, result.id, result.ref_id, own.id, taker.token, 'quux', 'zoe']
    for (const one of known) expect(text.toLowerCase()).not.toContain(String(one).toLowerCase())
    expect(text).not.toContain((session.token_hash as Buffer).toString('hex'))
    // Each text in it is a word of the product or of the configuration, a language, or a moment.
    const texts = [...text.matchAll(/:"([^"]*)"/g)].map(([, value]) => value)
    const strange = texts.filter(
      (one) =>
        !/^[a-z][a-z0-9_.-]{0,39}$|^\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)$|^[0-9A-Z]{26}$/.test(one ?? ''),
    )
    expect(strange).toEqual([])
  })

  it('leaves out of the anonymous event what the register calls personal, also of a column that is added later', () =>
    rolledBack(superuser, async (db) => {
      await db.query(
        `alter table public.assessment_results add column remark text, add column weight numeric`,
      )
      const row = { remark: 'call me', weight: 3, locale: 'en', ref_id: 'x', session_id: 'y', unheard_of: 1 }
      const anonymous = async () =>
        (await db.query(`select private.anonymous_row($1, 'public.assessment_results') as row`, [row]))
          .rows[0].row
      expect(await anonymous()).toEqual({ weight: 3, locale: 'en' })
      await db.query(`update private.registered_tables set personal = '{locale}', plain = array_remove(plain, 'locale')
        where relation = 'public.assessment_results'::regclass`)
      expect(await anonymous()).toEqual({ weight: 3 })
    }))
})

describe('a lead', () => {
  const brand = (set: string) =>
    admin.query(`update public.tenant_brands set ${set} where tenant_id = $1`, [tenant.id])
  const address = () => `coach-${Math.random().toString(36).slice(2)}@example.com`
  const mailed = (to: string) =>
    eventually(async () => {
      const mails = await mailTo(to)
      expect(mails).toHaveLength(1)
      return mails[0]!
    })

  it('is mailed to the address for leads, or else to the coach', async () => {
    const [inbox, coach] = [address(), address()]
    await brand(`coach_notification_email = '${inbox}', coach_email = '${coach}'`)
    await (await Taker.begun(campaign, ada, heroic)).result()
    const mail = await mailed(inbox)
    expect(mail.subject).toBe('Ada Example has completed Spring intake')
    expect(mail.text).toContain('ada@example.com')
    await brand('coach_notification_email = null')
    await (await Taker.begun(campaign, ada, heroic)).result()
    await mailed(coach)
    expect(await mailTo(inbox)).toHaveLength(1)
  })

  it('is mailed to a manager who asks for it, together with those of the same quarter of an hour', async () => {
    const own = await makeTenant({ owner, member })
    const workshop = await makeCampaign(own)
    await admin.query(
      `insert into public.notification_preferences (tenant_id, user_id, channels) values ($1, $2, '{"assessments": {"email": true}}')`,
      [own.id, owner.id],
    )
    await Promise.all(
      ['Ada Example', 'Bo Example', 'Cy Example'].map(async (full_name) =>
        (await Taker.begun(workshop, { ...ada, full_name }, heroic)).result(),
      ),
    )
    const { rows } = await admin.query(
      `select template, data ->> 'count' as count, data ->> 'messages' as messages,
         due_at between now() + interval '5 minutes' and now() + interval '15 minutes' as waits
       from private.notification_jobs where tenant_id = $1 and user_id = $2`,
      [own.id, owner.id],
    )
    expect(rows).toEqual([{ template: 'digest', count: '3', messages: expect.any(String), waits: true }])
    for (const name of ['Ada', 'Bo', 'Cy'])
      expect(rows[0].messages).toContain(`${name} Example has completed Spring intake.`)
  })

  it('keeps nobody from finishing, if no mail reaches the address of the coach', async () => {
    const coach = address()
    await brand(`coach_notification_email = 'cöach@example.com', coach_email = '${coach}'`)
    await (await Taker.begun(campaign, ada, heroic)).result()
    await mailed(coach)
  })

  it('is told once, when the contact comes after the result', async () => {
    const inbox = address()
    await brand(`coach_notification_email = '${inbox}'`)
    const taker = await Taker.begun(campaign, {}, heroic)
    await taker.result()
    const told = async () =>
      (
        await admin.query(`select from private.notification_jobs where tenant_id = $1 and address = $2`, [
          tenant.id,
          inbox,
        ])
      ).rowCount
    expect(await told()).toBe(0)
    await Promise.all([taker.identify(ada), taker.identify(ada), taker.identify({ full_name: 'Ada E.' })])
    expect(await told()).toBe(1)
  })

  it('is none, when the participant has taken the consent back', async () => {
    const inbox = address()
    await brand(`coach_notification_email = '${inbox}'`)
    const taker = await Taker.begun(campaign, ada, heroic)
    expect((await taker.identify({ has_consented: false })).status).toBe(200)
    await taker.result()
    const { rowCount } = await admin.query(`select from private.notification_jobs where address = $1`, [
      inbox,
    ])
    expect(rowCount).toBe(0)
  })

  it('whose name is markup is shown as it is written', async () => {
    const inbox = address()
    await brand(`coach_notification_email = '${inbox}'`)
    await (await Taker.begun(campaign, { ...ada, full_name: '<b>{{email}}</b>' }, heroic)).result()
    const mail = await mailed(inbox)
    expect(mail.html).toContain('&#60;b&#62;{{email}}&#60;/b&#62;')
  })
})
