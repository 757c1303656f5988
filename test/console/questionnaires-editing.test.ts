import type { Page } from 'playwright-core'
import { beforeEach, describe, expect, it } from 'vitest'
import { makeCampaign, offerOf } from '../assessments/taking/taker.ts'
import { violationsOn } from '../kit/axe.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { makeTenant } from '../kit/tenants.ts'
import { ownLlm, useModel } from '../usage/models/model-scene.ts'
import { type Editor, form, hostile, makeEditor } from './questionnaires-scene.ts'
import { openConsole } from './visit.ts'

const saveDraft = async (page: Page) => {
  await page.getByRole('button', { name: 'Save the draft' }).click()
  await page.getByText('The draft is saved.').waitFor()
}

let own: Editor
beforeEach(async () => {
  own = await makeEditor()
})

describeInBrowser('the editor of questionnaires in the console', (browser) => {
  const opened = (path = '/industry4', person = own.owner, options = {}) =>
    openConsole(browser(), `/t/${own.tenant.slug}/questionnaires${path}`, person, options)

  it('questions are changed, added, moved and removed, and participants see it once it is published', async () => {
    const campaign = await makeCampaign(own.tenant, { assessment_type: 'industry4' })
    const page = await openConsole(browser(), `/t/${own.tenant.slug}/campaigns/${campaign.ref_id}`, own.owner)
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
    const published = await own.asked<{ config: { modes: { likert: { items: Record<string, object> } } } }>(
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
    expect((await own.ask('GET', '/draft')).status).toBe(404)
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
    expect(await own.draft()).toMatchObject({
      reason: 'Keep me',
      change: {
        landing_overrides: { headline: 'Ours' },
        scoring_overrides: { severity_bands: { beginning: { to: 20 } } },
      },
    })
  })

  it('two people edit at once: nothing is lost, and who changed the same decides', async () => {
    const { revision } = await own.draftElsewhere({ landing_overrides: { headline: 'First' } })
    const page = await opened('/industry4?part=landing')
    await page.getByLabel('Headline').fill('Mine')
    const theirs = {
      landing_overrides: { headline: 'Theirs' },
      mode_overrides: { likert: { title: 'Their title' } },
    }
    await own.draftElsewhere(theirs, `"${revision}"`)
    await page.getByRole('button', { name: 'Save the draft' }).click()
    const dialog = page.getByRole('dialog', { name: 'Somebody else changed this draft' })
    const choice = dialog.getByRole('group', { name: 'Landing · Headline' })
    await choice.getByText('Take theirs: Theirs').waitFor()
    expect(await violationsOn(page)).toEqual([])
    await choice.getByLabel(/Keep mine: Mine/).check()
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await saveDraft(page)
    expect(await own.draft()).toMatchObject({
      change: { ...theirs, landing_overrides: { headline: 'Mine' } },
    })

    // Then it is published, with other words at the same place and at another one.
    await own.publishElsewhere(0, {
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
    expect(await own.asked('GET', '/resolved')).toMatchObject({
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
    await own.draftElsewhere({
      mode_overrides: { likert: { items: { s1: null, s2: { prompt: 'Theirs' } } } },
    })
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
    expect(await own.asked('GET', '/draft/resolved')).toMatchObject({
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

  describe('with a model', () => {
    const llm = ownLlm()
    it('words are proposed, looked at, and taken or not', async () => {
      await useModel(own.tenant, llm.server())
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
      expect(await own.draft()).toMatchObject({
        change: { landing_overrides: { headline: 'Know your firm' } },
      })

      const starter = await makeTenant({ owner: own.owner, plan: 'starter' })
      const without = await openConsole(
        browser(),
        `/t/${starter.slug}/questionnaires/industry4?part=landing`,
        own.owner,
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
