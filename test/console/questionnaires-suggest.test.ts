import { expect, it } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import { makePerson } from '../kit/people.ts'
import { makeTenant } from '../kit/tenants.ts'
import { ownLlm, useModel } from '../usage/models/model-scene.ts'
import { openConsole } from './visit.ts'

describeInBrowser('words of a model in the console', (browser) => {
  const llm = ownLlm()

  it('are waited for as long as the server asks the model, and whoever waits is told', async () => {
    const owner = await makePerson()
    const tenant = await makeTenant({ owner })
    await useModel(tenant, llm.server())
    const path = `/t/${tenant.slug}/questionnaires/industry4?part=landing`
    const page = await openConsole(browser(), path, owner)
    const suggest = page.getByRole('form', { name: 'Have words proposed: Landing' })
    await suggest.getByLabel('Wishes').fill('Know your firm')
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let sent = 0
    await page.route('**/config/suggest', async (route) => {
      sent++
      await held
      await route.continue()
    })
    await page.clock.install()
    const propose = suggest.getByRole('button')
    await propose.focus()
    await page.keyboard.press('Enter')
    await suggest.getByText('The model is writing. That can take up to two minutes.').waitFor()
    // Two times 50 seconds, and what is around them. A client gives up after 60 by default.
    await page.clock.fastForward(110_000)
    await page.keyboard.press('Enter')
    await suggest.getByText('The model is writing. That can take up to two minutes.').waitFor()
    expect(await suggest.getByRole('alert').count()).toBe(0)
    release()
    await suggest.getByRole('button', { name: 'Take it into the draft' }).waitFor()
    expect(await suggest.getByText('The model is writing.').count()).toBe(0)
    expect(sent).toBe(1)
  })
})
