import { beforeEach, expect, it } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import { admin } from '../kit/db.ts'
import { makePerson } from '../kit/people.ts'
import { type Editor, form, hostile, makeEditor } from './questionnaires-scene.ts'
import { look, openConsole, phone } from './visit.ts'

let own: Editor
beforeEach(async () => {
  own = await makeEditor()
})

describeInBrowser('publishing questionnaires in the console', (browser) => {
  const opened = (path = '/industry4', person = own.owner, options = {}) =>
    openConsole(browser(), `/t/${own.tenant.slug}/questionnaires${path}`, person, options)

  it('a draft is scheduled, taken back as a draft, scheduled again, and discarded', async () => {
    await own.draftElsewhere({ landing_overrides: { headline: 'Spring' }, reason: 'For spring' })
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
    const listed = await own.asked<{ scheduled: { publish_at: string }[] }>('GET', '/scheduled')
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
    expect(await own.draft()).toMatchObject({
      reason: 'For spring',
      change: { landing_overrides: { headline: 'Spring' } },
    })
    expect(await own.asked('GET', '/scheduled')).toMatchObject({ scheduled: [] })
    await page.getByRole('button', { name: 'Discard the draft' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Discard the draft' }).click()
    await page.getByText('There is no draft.').waitFor()
    expect((await own.ask('GET', '/draft')).status).toBe(404)
  })

  it('versions are listed page by page, and one is brought back after a question', async () => {
    const publish = (version: number, reason: string) =>
      own.publishElsewhere(version, { landing_overrides: { headline: `Headline ${version + 1}` }, reason })
    await publish(0, hostile)
    // Most are there to be counted. Twenty requests more, one after the other, took a busy machine most of the test's time.
    await admin.query(
      `select private.save_framework_config(s.tenant_id, s.framework_id, v,
         s.full_config || jsonb_build_object('landing_overrides', jsonb_build_object('headline', 'Headline ' || v + 1)), '[]', 'Reason ' || v + 1)
       from public.framework_config_snapshots as s, generate_series(1, 18) as v
       where s.tenant_id = $1 and s.version = 1 order by v`,
      [own.tenant.id],
    )
    for (const version of [19, 20, 21]) await publish(version, `Reason ${version + 1}`)
    const page = await opened('/industry4/versions')
    const rows = page.getByRole('list', { name: 'Versions' }).getByRole('listitem')
    await expect.poll(() => rows.count()).toBe(20)
    await page.getByRole('button', { name: 'Show more' }).click()
    await expect
      .poll(() => rows.count())
      .toBe(22)
      .catch(async (thrown) => {
        // What the page says in the place of the next versions.
        throw new Error((await page.getByRole('main').textContent()) ?? '', { cause: thrown })
      })
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
    expect(await own.asked('GET', '')).toMatchObject({
      version: 23,
      landing_overrides: { headline: 'Headline 21' },
    })
    await page.getByRole('link', { name: 'As supplied, without your changes' }).click()
    await page.getByRole('button', { name: 'Bring it back' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Bring it back' }).click()
    await rows.first().getByText('brought back from version 0').waitFor()
    expect(await own.asked('GET', '')).toMatchObject({ version: 24, landing_overrides: {} })
  })

  it('answers are tried with the draft and as it is published', async () => {
    await own.draftElsewhere({ archetype_overrides: { data: { name: 'Figures' } } })
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
    own = await makeEditor({ member })
    await own.draftElsewhere({ landing_overrides: { headline: 'Soon' } })
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
    await admin.query(`update public.tenants set status = 'frozen' where id = $1`, [own.tenant.id])
    const frozen = await opened('/industry4?part=landing')
    await frozen.getByText('This practice is frozen.').waitFor()
    expect(await frozen.getByLabel('Headline').isDisabled()).toBe(true)
  })

  it('is accessible in light and dark, on a phone too', async () => {
    await own.publishElsewhere(0, { landing_overrides: { headline: hostile } })
    await own.draftElsewhere({ landing_overrides: { headline: 'x'.repeat(190) } }, '"0"', 1)
    for (const options of [{}, phone]) {
      const page = await opened('', own.owner, options)
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
})
