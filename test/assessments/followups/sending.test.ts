import { beforeAll, describe, expect, it } from 'vitest'
import { call } from '../../kit/call.ts'
import { admin, rolledBack, superuser } from '../../kit/db.ts'
import { eventually } from '../../kit/eventually.ts'
import { type Mail, mailTo } from '../../kit/mailbox.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { ada, heroic, makeCampaign, Taker } from '../taking/taker.ts'
import { endsOf, makeDue, sendDue, sweep } from './planned.ts'

let owner: Person
beforeAll(async () => {
  owner = await makePerson()
})

/** A tenant, and somebody who has completed a campaign of it. */
async function completed(
  contact: object = {},
  { campaign = {}, brand = '' }: { campaign?: Record<string, unknown>; brand?: string } = {},
) {
  const tenant = await makeTenant({ owner })
  if (brand) await admin.query(`update public.tenant_brands set ${brand} where tenant_id = $1`, [tenant.id])
  const address = `ada-${tenant.slug}@example.com`
  const taker = await Taker.begun(
    await makeCampaign(tenant, campaign),
    { ...ada, email: address, ...contact },
    heroic,
  )
  await taker.result()
  return { tenant, address, taker }
}

const patchConfig = async (tenant: Tenant, version: number, body: object) => {
  const response = await call('/assessments/frameworks/money-archetypes/config', {
    method: 'PATCH',
    token: owner.token,
    tenant: tenant.slug,
    headers: { 'if-match': `"${version}"` },
    body,
  })
  expect(response.status, await response.clone().text()).toBe(200)
}

const mailed = (address: string, count = 1) =>
  eventually(async () => {
    const mails = await mailTo(address)
    expect(mails).toHaveLength(count)
    return mails
  })
const jobs = async (address: string) =>
  (await admin.query('select from private.notification_jobs where address = $1', [address])).rowCount
const headerOf = (mail: Mail | undefined, name: string) =>
  mail?.headers.find((header) => header.name.toLowerCase() === name)?.value

describe('a follow-up that is due', () => {
  it('arrives in the language of the participant and the look of the tenant, and its link ends the next', async () => {
    const { tenant, address } = await completed(
      { locale: 'FR-ch' },
      { brand: `display_name = 'Ada & Co', booking_url = 'https://book.example.com/ada?a=1&b=2'` },
    )
    await sendDue(tenant)
    expect(await mailTo(address)).toEqual([])
    await makeDue(tenant, 'day3')
    await sendDue(tenant)
    const [mail] = await mailed(address)
    expect(mail!.subject).toBe('Que vous en reste-t-il ?')
    expect(mail!.text).toContain('vous avez terminé « Spring intake »')
    expect(mail!.text).toContain('https://book.example.com/ada?a=1&b=2')
    expect(mail!.html).toContain('Ada &#38; Co')
    expect(headerOf(mail, 'from')).toContain('Ada & Co')

    const link = /^<(.*)>$/.exec(headerOf(mail, 'list-unsubscribe') ?? '')?.[1]
    const clicked = await fetch(link!, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'List-Unsubscribe=One-Click',
    })
    expect(clicked.status).toBe(204)
    await makeDue(tenant)
    await sendDue(tenant)
    expect(await endsOf(tenant)).toEqual(['day10 cancelled suppressed', 'day3 sent'])
    expect(await mailTo(address)).toHaveLength(1)
  })

  it('is in the language of the questions, if nobody knows the participant’s', async () => {
    const { tenant, address } = await completed()
    await admin.query(`update public.tenants set locale = 'fr' where id = $1`, [tenant.id])
    await patchConfig(tenant, 0, { voice_overrides: { language: 'de' } })
    await makeDue(tenant, 'day3')
    await sendDue(tenant)
    expect((await mailed(address))[0]!.subject).toBe('Was ist geblieben?')
  })

  it('is sent once by many sweeps at once, and by none that was killed', async () => {
    const { tenant, address } = await completed()
    await rolledBack(admin, async (db) => {
      await makeDue(tenant, 'day3', db)
      await sweep(db)
      expect(await endsOf(tenant, db)).toEqual(['day10 planned', 'day3 sent'])
    })
    expect([await endsOf(tenant), await jobs(address)]).toEqual([['day10 planned', 'day3 planned'], 0])
    await makeDue(tenant, 'day3')
    await Promise.all(Array.from({ length: 5 }, () => sendDue(tenant)))
    expect(await endsOf(tenant)).toEqual(['day10 planned', 'day3 sent'])
    expect(await jobs(address)).toBe(1)
    await mailed(address)
  })

  it('has no broken place where nobody says where to book', async () => {
    const { tenant, address } = await completed({ locale: 'it' })
    await makeDue(tenant, 'day10')
    await sendDue(tenant)
    const [mail] = await mailed(address)
    expect(mail!.subject).toBe('One step from your result')
    expect(mail!.text).not.toMatch(/\[\]|undefined|null|\{\{/)
  })
})

describe('the tenant’s own words', () => {
  const ours = {
    followups: [{ id: 'day3', after_hours: 72, template: 'ours' }],
    booking_url: 'https://ours.example.com/',
    email_templates: {
      ours: {
        subject: '{{person}}, your {{primary}}',
        body_html: '<p>{{person}} {{campaign}} {{booking_url}} {{tenant}} [{{primary}}]</p>',
      },
    },
  }

  it('are those of now, with the names that the tenant gives to archetypes', async () => {
    const { tenant, address } = await completed({ locale: 'fr', full_name: '<b>Ada</b>' })
    await patchConfig(tenant, 0, {
      communications: ours,
      archetype_overrides: { hero: { name: 'Champion' } },
    })
    await makeDue(tenant, 'day3')
    await sendDue(tenant)
    const [mail] = await mailed(address)
    expect(mail!.subject).toBe('<b>Ada</b>, your Champion')
    expect(mail!.html).toContain(
      `<p>&#60;b&#62;Ada&#60;/b&#62; Spring intake https://ours.example.com/ ${tenant.slug} [Champion]</p>`,
    )
    // What is below is in their language, which is the one of the questions.
    expect(mail!.text).toContain(`You get this mail from ${tenant.slug}.`)
    const { rows } = await admin.query(
      'select template, template_version, words, data from private.notification_jobs where address = $1',
      [address],
    )
    expect(rows).toEqual([{ template: 'ours', template_version: 1, words: null, data: {} }])
  })

  it('do not tell what the campaign does not show', async () => {
    const { tenant, address } = await completed({}, { campaign: { results_disclosure: 'none' } })
    await patchConfig(tenant, 0, { communications: ours })
    await makeDue(tenant, 'day3')
    await sendDue(tenant)
    const [mail] = await mailed(address)
    expect(mail!.text).toContain('[]')
    expect(mail!.subject).toBe('Ada Example, your')
  })

  it('of a follow-up that the configuration has no more are not sent', async () => {
    const { tenant, address } = await completed()
    await patchConfig(tenant, 0, { communications: ours })
    await makeDue(tenant)
    await sendDue(tenant)
    expect(await endsOf(tenant)).toEqual(['day10 cancelled not_configured', 'day3 sent'])
    await mailed(address)
  })

  it('written among the templates of mails take the place of the default ones', async () => {
    const { tenant, address } = await completed()
    const put = await call('/notifications/templates/followup_day3/en', {
      method: 'PUT',
      token: owner.token,
      tenant: tenant.slug,
      headers: { 'if-match': '"0"' },
      body: { name: 'Ours', subject: 'Still there, {{person}}?', body_html: '<p>{{campaign}}</p>' },
    })
    expect(put.status, await put.clone().text()).toBe(200)
    await makeDue(tenant, 'day3')
    await sendDue(tenant)
    expect((await mailed(address))[0]!.subject).toBe('Still there, Ada Example?')
  })
})

describe('nothing is sent', () => {
  const ends = async (tenant: Tenant, address: string) => {
    await makeDue(tenant)
    await sendDue(tenant)
    expect(await jobs(address)).toBe(0)
    return endsOf(tenant)
  }
  const both = (reason: string) => [`day10 cancelled ${reason}`, `day3 cancelled ${reason}`]

  it('without an address, nor to one that no mail reaches', async () => {
    const anonymous = await completed({ email: undefined, has_consented: undefined })
    expect(await ends(anonymous.tenant, anonymous.address)).toEqual(both('no_address'))
    const { tenant, address } = await completed()
    await admin.query(
      `update public.participant_sessions set email = 'üda@example.com' where tenant_id = $1`,
      [tenant.id],
    )
    expect(await ends(tenant, address)).toEqual(both('no_address'))
  })

  it('to whoever has taken the consent back, before or after the end', async () => {
    const { tenant, address, taker } = await completed()
    expect((await taker.identify({ has_consented: false })).status).toBe(200)
    expect(await ends(tenant, address)).toEqual(both('no_consent'))
  })

  it('in a tenant that is frozen, archived or without the feature', async () => {
    for (const status of ['frozen', 'archived']) {
      const { tenant, address } = await completed()
      await admin.query('update public.tenants set status = $2 where id = $1', [tenant.id, status])
      expect(await ends(tenant, address), status).toEqual(both('tenant_stopped'))
    }
    const { tenant } = await completed()
    await rolledBack(superuser, async (db) => {
      await db.query(`update public.plans set features = array_remove(features, 'followups')`)
      await makeDue(tenant, null, db)
      await sweep(db)
      expect(await endsOf(tenant, db)).toEqual(both('tenant_stopped'))
    })
  })

  it('to somebody who was forgotten', async () => {
    const { tenant, address } = await completed()
    const forgotten = await call(`/registry/tenants/${tenant.slug}/forget-person`, {
      token: owner.token,
      body: { email: address },
    })
    expect(forgotten.status, await forgotten.clone().text()).toBe(200)
    expect(await ends(tenant, address)).toEqual(both('no_address'))
  })

  it('twice on a day to an address that was given for many sessions', async () => {
    const tenant = await makeTenant({ owner })
    const campaign = await makeCampaign(tenant)
    const email = `ada-${tenant.slug}@example.com`
    for (const spelling of [email, email.toUpperCase()])
      await (await Taker.begun(campaign, { ...ada, email: spelling }, heroic)).result()
    await makeDue(tenant, 'day3')
    await sendDue(tenant)
    expect((await endsOf(tenant)).slice(2)).toEqual(['day3 cancelled repeated', 'day3 sent'])
    expect(await jobs(email)).toBe(1)
  })

  it('before it is due, but to whoever gives an address in time', async () => {
    const { tenant, address, taker } = await completed({ email: undefined, has_consented: undefined })
    await makeDue(tenant, 'day3')
    await sendDue(tenant)
    expect((await taker.identify({ ...ada, email: address })).status).toBe(200)
    await makeDue(tenant)
    await sendDue(tenant)
    expect(await endsOf(tenant)).toEqual(['day10 sent', 'day3 cancelled no_address'])
    await mailed(address)
  })
})
