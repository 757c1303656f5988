import type { Page } from 'playwright-core'
import { beforeEach, expect, it } from 'vitest'
import { type Campaign, configure, makeCampaign } from '../../assessments/taking/taker.ts'
import { describeInBrowser } from '../../kit/browser.ts'
import { admin } from '../../kit/db.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { newVisitor } from '../site.ts'
import { addressOf, expectNoBarriers, phone, press, saved, tabTo } from './visit.ts'

let tenant: Tenant
let campaign: Campaign
beforeEach(async () => {
  tenant = await makeTenant()
  await admin.query('update public.tenant_brands set is_active = true where tenant_id = $1', [tenant.id])
  await configure(tenant, 'providers', { voice: { is_enabled: true, model: 'Klaus' } })
  await configure(tenant, 'voice_overrides', { language: 'de' })
  campaign = await makeCampaign(tenant, { mode: 'game' })
})

type Spoken = { text: string; lang: string; voice: string }
interface Loudspeaker {
  spoken: Spoken[]
  silenced: number
  /** What is spoken comes to its end. */
  finish(): void
  /** The voices are found. */
  arrive(voices: object[]): void
}
declare const loudspeaker: Loudspeaker

/** Stands for the loudspeaker, because Chromium without a screen has no voices. It notes what it is told to say. */
function installLoudspeaker(): void {
  let voices: object[] = []
  let queue: EventTarget[] = []
  const loudspeaker: Loudspeaker = {
    spoken: [],
    silenced: 0,
    finish: () => {
      for (const each of queue.splice(0)) each.dispatchEvent(new Event('end'))
    },
    arrive(found) {
      voices = found
      synthesis.dispatchEvent(new Event('voiceschanged'))
    },
  }
  class Utterance extends EventTarget {
    lang = ''
    voice: { name: string } | null = null
    readonly text: string
    constructor(text: string) {
      super()
      this.text = text
    }
  }
  const synthesis = Object.assign(new EventTarget(), {
    getVoices: () => [...voices],
    speak(utterance: Utterance) {
      queue.push(utterance)
      const { text, lang, voice } = utterance
      loudspeaker.spoken.push({ text, lang, voice: voice?.name ?? '' })
    },
    cancel() {
      loudspeaker.silenced++
      const left = queue
      queue = []
      for (const each of left) each.dispatchEvent(new Event('error'))
    },
  })
  Object.defineProperties(window, {
    loudspeaker: { value: loudspeaker },
    speechSynthesis: { value: synthesis },
    SpeechSynthesisUtterance: { value: Utterance },
  })
}

const arrive = (page: Page, ...voices: [name: string, lang: string][]) =>
  page.evaluate(
    (found) => loudspeaker.arrive(found),
    voices.map(([name, lang]) => ({ name, lang, localService: true })),
  )
const heard = (page: Page) => page.evaluate(() => loudspeaker.spoken)
const silenced = (page: Page) => page.evaluate(() => loudspeaker.silenced)
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

describeInBrowser('a question', (browser) => {
  async function visit() {
    const visitor = await newVisitor(browser(), phone)
    await visitor.page.addInitScript(installLoudspeaker)
    await visitor.page.goto(addressOf(campaign))
    await press(visitor.page, 'Start')
    await visitor.page.getByText('Question 1 of 3').waitFor()
    return visitor
  }

  it('is read aloud by keyboard, in its language, as soon as a voice is there', async () => {
    const { page, errors, requests } = await visit()
    expect(await button(page, 'Read aloud').count()).toBe(0)
    await arrive(page, ['Zoe', 'en-US'])
    expect(await button(page, 'Read aloud').count()).toBe(0)
    await arrive(page, ['Zoe', 'en-US'], ['Hedda', 'de-DE'], ['Klaus', 'de_DE'])
    await button(page, 'Read aloud').waitFor()
    expect(await button(page, 'Read aloud').getAttribute('aria-pressed')).toBe('false')
    await expectNoBarriers(page)

    const [prompt, first] = [
      await page.getByRole('heading').textContent(),
      await page.locator('.option .face > span').first().textContent(),
    ]
    await saved(page)
    const asked = requests.length
    await tabTo(page, 'Read aloud')
    await page.keyboard.press('Space')
    await button(page, 'Stop').waitFor()
    expect(await button(page, 'Stop').getAttribute('aria-pressed')).toBe('true')
    await expectNoBarriers(page)
    const spoken = await heard(page)
    expect(spoken.length).toBe(1 + (await page.getByRole('radio').count()))
    expect(spoken.slice(0, 2)).toEqual([
      { text: prompt, lang: 'de', voice: 'Klaus' },
      { text: `A: ${first}`, lang: 'de', voice: 'Klaus' },
    ])
    // Nothing of it passes a server.
    expect(requests.slice(asked)).toEqual([])

    // It ends by itself, and may be heard again.
    await page.evaluate(() => loudspeaker.finish())
    await button(page, 'Read aloud').waitFor()
    expect(await silenced(page)).toBe(0)
    await page.keyboard.press('Space')
    await button(page, 'Stop').waitFor()
    expect(await heard(page)).toHaveLength(2 * spoken.length)
    expect(errors).toEqual([])
  })

  it('is silent again when the button is pressed, when somebody goes on, and when the page is left', async () => {
    const { page, errors } = await visit()
    await arrive(page, ['Hedda', 'de-DE'])
    await press(page, 'Read aloud')
    await press(page, 'Stop')
    await button(page, 'Read aloud').waitFor()
    expect(await silenced(page)).toBe(1)

    await press(page, 'Read aloud')
    await button(page, 'Stop').waitFor()
    // Whoever answers early goes on.
    await page.locator('fieldset').press('b')
    await page.getByText('Question 2 of 3').waitFor()
    await button(page, 'Read aloud').waitFor()
    expect(await silenced(page)).toBe(2)
    const before = (await heard(page)).length
    await press(page, 'Read aloud')
    expect((await heard(page))[before]?.text).toBe(await page.getByRole('heading').textContent())

    await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent('pagehide')))
    expect(await silenced(page)).toBe(3)
    expect(errors).toEqual([])
  })

  it('has no such button in a browser without a voice, nor without speech, nor if the plan has none', async () => {
    const see = async (install: () => void) => {
      const { page, errors } = await newVisitor(browser(), phone)
      await page.addInitScript(install)
      await page.goto(addressOf(campaign))
      await press(page, 'Start')
      await page.getByText('Question 1 of 3').waitFor()
      await saved(page)
      expect(errors).toEqual([])
      return page
    }
    // Chromium as it is.
    expect(await button(await see(() => {}), 'Read aloud').count()).toBe(0)
    const deaf = await see(() => Object.defineProperty(window, 'speechSynthesis', { value: undefined }))
    expect(await button(deaf, 'Read aloud').count()).toBe(0)

    const poor = await makeTenant({ plan: 'starter' })
    await configure(poor, 'providers', { voice: { is_enabled: true } })
    campaign = await makeCampaign(poor, { mode: 'game' })
    const page = await see(installLoudspeaker)
    await arrive(page, ['Zoe', 'en-US'])
    await page.getByRole('button', { name: 'Skip' }).waitFor()
    expect(await button(page, 'Read aloud').count()).toBe(0)
  })
})
