import { expect, it } from 'vitest'
import { configure, makeCampaign } from '../../assessments/taking/taker.ts'
import { describeInBrowser } from '../../kit/browser.ts'
import { call } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { eventually } from '../../kit/eventually.ts'
import { mailTo } from '../../kit/mailbox.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { newVisitor } from '../site.ts'
import { expectNoBarriers, heading, phone, press } from './visit.ts'

describeInBrowser('the link of an invitation', (browser) => {
  it('leads to the first question, and whoever completes it is the participant who was invited', async () => {
    const member = await makePerson()
    const tenant = await makeTenant({ member })
    await configure(tenant, 'landing_overrides', { capture_gate: 'soft' })
    const campaign = await makeCampaign(tenant, { mode: 'game' })
    const email = `ada-${tenant.slug}@example.com`
    const response = await call(`/assessments/campaigns/${campaign.ref_id}/invitations`, {
      token: member.token,
      tenant: tenant.slug,
      body: { people: [{ email }] },
    })
    const { invited } = (await response.json()) as { invited: { participant: string }[] }
    const [mail] = await eventually(async () => {
      const mails = await mailTo(email)
      expect(mails).toHaveLength(1)
      return mails
    })

    const { page, errors, requests } = await newVisitor(browser(), phone)
    const link = mail!.links.find((each) => each.includes('/quiz/'))!
    await page.goto(link)
    await heading(page, 'Which money archetype leads you?')
    await expectNoBarriers(page)
    await press(page, 'Start')
    for (const at of [1, 2, 3]) {
      await page.getByText(`Question ${at} of 3`).waitFor()
      await page.locator('fieldset').press('a')
    }
    await press(page, 'Next')
    // The address is known, and nobody has agreed yet that it is used.
    await heading(page, 'How may we reach you?')
    await page.getByLabel('E-mail address').fill(email)
    await page.getByRole('checkbox').check()
    await press(page, 'See my result')
    await heading(page, 'Your result')
    const { rows } = await admin.query(
      'select ref_id, client_status, email, consented_at is not null as has_consented from public.participant_sessions where tenant_id = $1',
      [tenant.id],
    )
    expect(rows).toEqual([
      { ref_id: invited[0]!.participant, client_status: 'completed', email, has_consented: true },
    ])
    const token = new URLSearchParams(new URL(link).hash.slice(1)).get('t')!
    expect(requests.filter((url) => url.includes(token))).toEqual([])
    expect(errors).toEqual([])
  })
})
