import type { Page } from 'playwright-core'
import { beforeEach, describe, expect, it } from 'vitest'
import { makeCampaign, offerOf } from '../assessments/taking/taker.ts'
import { violationsOn } from '../kit/axe.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { admin } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { ownLlm, useModel } from '../usage/models/model-scene.ts'
import { look, openConsole, phone } from './visit.ts'

const hostile = '<img src=x onerror="document.title=1">'
let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const config = '/assessments/frameworks/industry4/config'
async function ask(method: string, path: string, body?: unknown, etag?: string): Promise<Response> {
  const headers = etag === undefined ? {} : { 'if-match': etag }
  return call(config + path, { token: owner.token, tenant: tenant.slug, method, body, headers })
}
async function asked<Answer = Record<string, unknown>>(...of: Parameters<typeof ask>): Promise<Answer> {
  const answer = await ask(...of)
  expect(answer.status, await answer.clone().text()).toBeLessThan(300)
  return (await answer.json()) as Answer
}
const draft = () => asked<{ revision: string; change: object; reason: string | null }>('GET', '/draft')
/** Somebody else's draft, past this window. */
const draftElsewhere = (change: object, etag = '"0"', base_version = 0) =>
  asked<{ revision: string }>('PUT', '/draft', { base_version, ...change }, etag)
const publishElsewhere = (version: number, change: object) => asked('PATCH', '', change, `"${version}"`)
const form = (page: Page, name: string) => page.getByRole('form', { name })
const saveDraft = async (page: Page) => {
  await page.getByRole('button', { name: 'Save the draft' }).click()
  await page.getByText('The draft is saved.').waitFor()
}

describeInBrowser('questionnaires in the console', (browser) => {
  const opened = (path = '/industry4', person = owner, options = {}) =>
    openConsole(browser(), `/t/${tenant.slug}/questionnaires${path}`, person, options)

  it('questions are changed, added, moved and removed, and participants see it once it is published', async () => {
    const campaign = await makeCampaign(tenant, { assessment_type: 'industry4' })
    const page = await openConsole(browser(), `/t/${tenant.slug}/campaigns/${campaign.ref_id}`, owner)
    await page.getByRole('link', { name: 'Its questionnaire' }).click()
    const questions = form(page, 'Questions')
    const question = (n: number) => questions.getByRole('group', { name: `Question ${n}`, exact: true })
    await question(1).getByLabel('Question', { exact: true }).fill(hostile)
    await question(2).getByRole('button', { name: 'Move up: Question 2' }).click()
    await question(10).getByRole('button', { name: 'Remove: Question 10' }).click()
    await questions.getByRole('button', { name: 'Add a question' }).click()
    await question(10).getByLabel('Question', { exact: true }).fill('Do you like figures?')
    await question(10).getByText('Which results it speaks for').click()
    await question(10).getByLabel('Data').fill('2')
    await page.getByRole('navigation', { name: 'Edit' }).getByRole('link', { name: 'Landing' }).click()
    await page.getByLabel('Headline').fill('Where are you?')
    await page.getByRole('button', { name: 'Add a persona' }).click()
    await page.getByRole('group', { name: 'Persona 1' }).getByLabel('Name').fill('Founders')
    await page.getByRole('group', { name: 'Persona 1' }).getByLabel('Description').fill('Your own firm')
    await page.getByLabel('What this change is for').fill('Our words')
    await saveDraft(page)
    const before = (await (await offerOf(campaign)).json()) as Offer
    expect(before.modes[0]?.items).toHaveLength(10)
    expect(before.landing.headline).toBe('How far is your firm?')

    await page.getByRole('link', { name: 'Back to the campaign' }).click()
    await page.getByRole('link', { name: 'Its questionnaire' }).click()
    await page.getByRole('link', { name: 'Compare and publish' }).click()
    const changes = page.getByRole('region', { name: 'What the draft changes' })
    await changes.getByText(hostile, { exact: true }).waitFor()
    await changes.getByText('Our words').waitFor()
    // What is gone is one change, by its name.
    expect(await changes.locator('del', { hasText: 'We know who may see which data.' }).count()).toBe(1)
    expect(await changes.locator('ins', { hasText: 'Do you like figures?' }).count()).toBe(1)
    expect(await changes.getByText(/Points/).count()).toBe(0)
    await page.getByRole('button', { name: 'Publish now' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Publish now' }).click()
    await page.getByText('It is published.').waitFor()
    await expect
      .poll(async () => ((await (await offerOf(campaign)).json()) as Offer).landing.headline, {
        timeout: 15_000,
      })
      .toBe('Where are you?')
    const { modes, landing } = (await (await offerOf(campaign)).json()) as Offer
    const prompts = modes[0]?.items.map(({ prompt }) => prompt) ?? []
    expect(prompts.slice(0, 2)).toEqual(['Everybody here could name our three goals.', hostile])
    expect(prompts.slice(9)).toEqual(['Do you like figures?'])
    expect(prompts).not.toContain('We know who may see which data.')
    expect(landing.personas).toMatchObject([{ name: 'Founders', description: 'Your own firm' }])
    const added = modes[0]?.items[9]?.id ?? ''
    const published = await asked<{ config: { modes: { likert: { items: Record<string, object> } } } }>(
      'GET',
      '/resolved',
    )
    expect(published.config.modes.likert.items[added]).toMatchObject({ weights: { data: 2 } })
    expect(await page.title()).not.toBe('1')
  })

  it('what is wrong is told at its place, with its pointer, and in its line of the JSON', async () => {
    const page = await opened('/industry4?part=landing')
    await page.getByLabel('Headline').fill('')
    await page.getByLabel('What this change is for').fill('Keep me')
    await page.getByRole('button', { name: 'Save the draft' }).click()
    await expect.poll(() => page.getByLabel('Headline').getAttribute('aria-invalid')).toBe('true')
    const wrong = page.getByRole('alert')
    await wrong.getByText('/landing/headline', { exact: true }).waitFor()
    expect((await ask('GET', '/draft')).status).toBe(404)
    await page.getByLabel('Headline').fill('Ours')
    await wrong.waitFor({ state: 'hidden' })

    await page.getByRole('link', { name: 'Everything, as JSON' }).click()
    await page.getByLabel('Part').selectOption('Scoring')
    const json = page.getByLabel('JSON', { exact: true })
    const supplied = await json.inputValue()
    await json.fill(supplied.replace('"decimals":', '"decimals"'))
    const line = supplied.slice(0, supplied.indexOf('"decimals"')).split('\n').length
    await page.getByText(`Line ${line}: here it is no JSON any more.`).waitFor()
    expect(await page.getByRole('button', { name: 'Save the draft' }).isDisabled()).toBe(true)
    // It waits while something else is looked at.
    await page.getByRole('link', { name: 'Questions', exact: true }).click()
    await page.getByText('Correct the JSON first.').waitFor()
    await page.getByRole('link', { name: 'Everything, as JSON' }).click()
    expect(await json.inputValue()).toContain('"decimals" ')
    await json.fill(supplied.replace(/"to": 25/, '"to": 30'))
    await page.getByRole('button', { name: 'Save the draft' }).click()
    await wrong.getByText('/scoring/severity_bands/developing', { exact: true }).waitFor()
    const at = supplied.slice(0, supplied.indexOf('"developing"')).split('\n').length
    await page.getByText(`Line ${at}: /scoring/severity_bands/developing overlaps`).waitFor()
    await json.fill(supplied.replace(/"to": 25/, '"to": 20'))
    await saveDraft(page)
    expect(await draft()).toMatchObject({
      reason: 'Keep me',
      change: {
        landing_overrides: { headline: 'Ours' },
        scoring_overrides: { severity_bands: { beginning: { to: 20 } } },
      },
    })
  })

  it('two people edit at once: nothing is lost, and who changed the same decides', async () => {
    const { revision } = await draftElsewhere({ landing_overrides: { headline: 'First' } })
    const page = await opened('/industry4?part=landing')
    await page.getByLabel('Headline').fill('Mine')
    const theirs = {
      landing_overrides: { headline: 'Theirs' },
      mode_overrides: { likert: { title: 'Their title' } },
    }
    await draftElsewhere(theirs, `"${revision}"`)
    await page.getByRole('button', { name: 'Save the draft' }).click()
    const dialog = page.getByRole('dialog', { name: 'Somebody else changed this draft' })
    const choice = dialog.getByRole('group', { name: 'Landing · Headline' })
    await choice.getByText('Take theirs: Theirs').waitFor()
    expect(await violationsOn(page)).toEqual([])
    await choice.getByLabel(/Keep mine: Mine/).check()
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await saveDraft(page)
    expect(await draft()).toMatchObject({
      change: { ...theirs, landing_overrides: { headline: 'Mine' } },
    })

    // Then it is published, with other words at the same place and at another one.
    await publishElsewhere(0, {
      landing_overrides: { headline: 'Published', capture_gate: 'none' },
    })
    await page.getByRole('link', { name: 'Compare and publish' }).click()
    const met = page.getByRole('region', { name: 'Published meanwhile' })
    await met.getByText('Landing · Headline').waitFor()
    expect(await page.getByRole('button', { name: 'Publish now' }).isDisabled()).toBe(true)
    await met.getByRole('button', { name: 'Decide what stays' }).click()
    const deciding = page.getByRole('dialog', { name: 'Published meanwhile' })
    await deciding.getByLabel(/Keep mine: Mine/).check()
    await deciding.getByRole('button', { name: 'Continue' }).click()
    await met.waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Publish now' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Publish now' }).click()
    await page.getByText('It is published.').waitFor()
    expect(await asked('GET', '/resolved')).toMatchObject({
      version: 2,
      config: {
        landing: { headline: 'Mine', capture_gate: 'none' },
        modes: { likert: { title: 'Their title' } },
      },
    })
  })

  it('whoever changes a question that another removes decides about the whole of it', async () => {
    const page = await opened()
    const questions = form(page, 'Questions')
    await questions
      .getByRole('group', { name: 'Question 1', exact: true })
      .getByLabel('Question', { exact: true })
      .fill('Mine')
    await questions.getByRole('button', { name: 'Remove: Question 2' }).click()
    await draftElsewhere({ mode_overrides: { likert: { items: { s1: null, s2: { prompt: 'Theirs' } } } } })
    await page.getByRole('button', { name: 'Save the draft' }).click()
    const dialog = page.getByRole('dialog', { name: 'Somebody else changed this draft' })
    await dialog
      .getByRole('group', { name: /Mine/ })
      .getByLabel(/Keep mine: Mine/)
      .check()
    await dialog
      .getByRole('group', { name: /three goals/ })
      .getByLabel(/Take theirs: Theirs/)
      .check()
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await saveDraft(page)
    expect(await asked('GET', '/draft/resolved')).toMatchObject({
      config: {
        modes: {
          likert: {
            items: {
              s1: { position: 1, prompt: 'Mine', weights: { strategy: 1 } },
              s2: { position: 2, prompt: 'Theirs', weights: { strategy: 1 } },
            },
          },
        },
      },
    })
  })

  it('a draft is scheduled, taken back as a draft, scheduled again, and discarded', async () => {
    await draftElsewhere({ landing_overrides: { headline: 'Spring' }, reason: 'For spring' })
    const page = await opened('/industry4/publish')
    const schedule = form(page, 'Publish at a moment')
    const when = schedule.getByLabel('When')
    await when.fill('2020-01-01T09:00')
    await schedule.getByRole('button').click()
    await schedule.getByText('must be in the future, and at most a year ahead').waitFor()
    const local = (await page.evaluate(
      'new Date(Date.now() + 36e5 * 24 - new Date().getTimezoneOffset() * 6e4).toISOString().slice(0, 16)',
    )) as string
    await when.fill(local)
    await schedule.getByRole('button').click()
    const scheduled = page.getByRole('region', { name: 'Scheduled' })
    await scheduled.getByText('For spring').waitFor()
    await page.getByText('There is no draft.').waitFor()
    const listed = await asked<{ scheduled: { publish_at: string }[] }>('GET', '/scheduled')
    expect(listed.scheduled.map(({ publish_at }) => publish_at)).toEqual([
      await page.evaluate((at) => new Date(at).toISOString(), local),
    ])
    await page.getByRole('link', { name: 'Questionnaires' }).click()
    await page.getByRole('listitem', { name: 'Industry 4.0 maturity' }).getByText('Scheduled for').waitFor()
    await page.getByRole('link', { name: 'Industry 4.0 maturity' }).click()
    await page.getByRole('link', { name: 'Compare and publish' }).click()

    await scheduled.getByRole('button', { name: 'Take back' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Make it the draft again' }).click()
    await page.getByRole('button', { name: 'Discard the draft' }).waitFor()
    expect(await draft()).toMatchObject({
      reason: 'For spring',
      change: { landing_overrides: { headline: 'Spring' } },
    })
    expect(await asked('GET', '/scheduled')).toMatchObject({ scheduled: [] })
    await page.getByRole('button', { name: 'Discard the draft' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Discard the draft' }).click()
    await page.getByText('There is no draft.').waitFor()
    expect((await ask('GET', '/draft')).status).toBe(404)
  })

  it('versions are listed page by page, and one is brought back after a question', async () => {
    for (let version = 0; version < 22; version++)
      await publishElsewhere(version, {
        landing_overrides: { headline: `Headline ${version + 1}` },
        reason: version === 0 ? hostile : `Reason ${version + 1}`,
      })
    const page = await opened('/industry4/versions')
    const rows = page.getByRole('list', { name: 'Versions' }).getByRole('listitem')
    await expect.poll(() => rows.count()).toBe(20)
    await page.getByRole('button', { name: 'Show more' }).click()
    await expect.poll(() => rows.count()).toBe(22)
    await rows.last().getByText(hostile).waitFor()
    await page.getByRole('link', { name: 'Version 21', exact: true }).click()
    const changed = page.getByRole('region', { name: 'What it changed' })
    await changed.getByText('Headline 20').waitFor()
    await changed.getByText('Headline 21').waitFor()
    const way = page.getByRole('region', { name: 'What bringing it back would change' })
    await way.getByText('Headline 22').waitFor()
    await way.getByRole('button', { name: 'Bring it back' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Bring it back' }).click()
    await rows.first().getByText('brought back from version 21').waitFor()
    expect(await asked('GET', '')).toMatchObject({
      version: 23,
      landing_overrides: { headline: 'Headline 21' },
    })
    await page.getByRole('link', { name: 'As supplied, without your changes' }).click()
    await page.getByRole('button', { name: 'Bring it back' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Bring it back' }).click()
    await rows.first().getByText('brought back from version 0').waitFor()
    expect(await asked('GET', '')).toMatchObject({ version: 24, landing_overrides: {} })
  })

  it('answers are tried with the draft and as it is published', async () => {
    await draftElsewhere({ archetype_overrides: { data: { name: 'Figures' } } })
    const page = await opened('/industry4/try')
    await page.getByLabel('We know who may see which data.').selectOption('7: Fully true')
    await page.getByRole('button', { name: 'See the result' }).click()
    const result = page.getByRole('region', { name: 'Results' })
    await result.getByText('1 of 10 answered').waitFor()
    await result.getByText(/^Figures: 75 \(Leading\)/).waitFor()
    await page.getByLabel('Which one').selectOption('As published')
    await page.getByRole('button', { name: 'See the result' }).click()
    await result.getByText(/^Data: 75/).waitFor()
  })

  it('a member reads all of it, and is told who changes it; so is everybody of a frozen practice', async () => {
    const member = await makePerson()
    tenant = await makeTenant({ owner, member })
    await draftElsewhere({ landing_overrides: { headline: 'Soon' } })
    const page = await opened('', member)
    await page.getByText('Admins and owners change questionnaires.').waitFor()
    await page.getByRole('listitem', { name: 'Industry' }).getByText('A draft waits').waitFor()
    await page.getByRole('link', { name: 'Industry 4.0 maturity' }).click()
    await page.getByRole('navigation', { name: 'Edit' }).getByRole('link', { name: 'Landing' }).click()
    expect(await page.getByLabel('Headline').inputValue()).toBe('Soon')
    expect(await page.getByLabel('Headline').isDisabled()).toBe(true)
    expect(await page.getByRole('button', { name: 'Save the draft' }).count()).toBe(0)
    await page.getByRole('link', { name: 'Compare and publish' }).click()
    await page.getByText('Soon').waitFor()
    expect(await page.getByRole('button', { name: /Publish|Discard/ }).count()).toBe(0)
    await admin.query(`update public.tenants set status = 'frozen' where id = $1`, [tenant.id])
    const frozen = await opened('/industry4?part=landing')
    await frozen.getByText('This practice is frozen.').waitFor()
    expect(await frozen.getByLabel('Headline').isDisabled()).toBe(true)
  })

  it('is accessible in light and dark, on a phone too', async () => {
    await publishElsewhere(0, { landing_overrides: { headline: hostile } })
    await draftElsewhere({ landing_overrides: { headline: 'x'.repeat(190) } }, '"0"', 1)
    for (const options of [{}, phone]) {
      const page = await opened('', owner, options)
      const lookAt = async (link: string | RegExp, shown: string) => {
        if (link) await page.getByRole('main').getByRole('link', { name: link }).click()
        await page.getByText(shown).locator('visible=true').first().waitFor()
        await look(page)
      }
      await lookAt('', 'A draft waits')
      await lookAt('Industry 4.0 maturity', 'Question 10')
      await lookAt('Landing', 'Add a persona')
      await lookAt('Results', 'Strengths')
      await lookAt('Everything, as JSON', 'As it is with the draft')
      await lookAt('Compare and publish', 'x'.repeat(190))
      await page.getByRole('button', { name: 'Publish now' }).click()
      await lookAt('', 'Publish the draft?')
      await page.keyboard.press('Escape')
      await lookAt('Try it', 'See the result')
      await lookAt('Versions', 'Version 1')
      await lookAt('Version 1', 'What it changed')
    }
  })

  describe('with a model', () => {
    const llm = ownLlm()
    it('words are proposed, looked at, and taken or not', async () => {
      await useModel(tenant, llm.server())
      const page = await opened('/industry4?part=landing')
      await page.getByLabel('Headline').waitFor()
      const suggest = form(page, 'Have words proposed: Landing')
      await suggest.getByLabel('Wishes').fill('Know your firm')
      await suggest.getByRole('button', { name: 'Propose' }).click()
      await suggest.getByText('How far is your firm?').waitFor()
      await suggest.getByRole('button', { name: 'Leave it' }).click()
      expect(await page.getByLabel('Headline').inputValue()).toBe('How far is your firm?')
      await suggest.getByRole('button', { name: 'Propose' }).click()
      await suggest.getByRole('button', { name: 'Take it into the draft' }).click()
      expect(await page.getByLabel('Headline').inputValue()).toBe('Know your firm')
      await saveDraft(page)
      expect(await draft()).toMatchObject({ change: { landing_overrides: { headline: 'Know your firm' } } })

      const starter = await makeTenant({ owner, plan: 'starter' })
      const without = await openConsole(
        browser(),
        `/t/${starter.slug}/questionnaires/industry4?part=landing`,
        owner,
      )
      await without.getByLabel('Headline').waitFor()
      expect(await form(without, 'Have words proposed: Landing').count()).toBe(0)
    })
  })
})

interface Offer {
  landing: { headline: string; personas: object[] }
  modes: { items: { id: string; prompt: string }[] }[]
}
