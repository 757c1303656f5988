import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findPgBouncer } from '../../stack/processes/binaries.ts'
import { call } from '../kit/call.ts'
import { admin } from '../kit/db.ts'
import { eventually } from '../kit/eventually.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { freshSlug, makeTenant, type Tenant } from '../kit/tenants.ts'
import { type Scene, startScene } from './scene.ts'

// A standby that lags, stops, hangs, is promoted and comes back, while pages are looked up and usage is reported. Each answer is
// compared with what was true: a page may be five seconds old, as one without a standby, and a report not at all.

/** How old a page may be. */
const promisedMs = 5_000
/** The clocks of the test and of a function see one moment a little apart. */
const toleranceMs = 250
/** So many pages that most lookups find none in the cache. */
const pageCount = 60

const isPoolerThere = (() => {
  try {
    return Boolean(findPgBouncer())
  } catch {
    return false
  }
})()

/** How long each version of a page was the current one, by this test's clock. */
interface Version {
  from: number
  until: number
}
interface PageOf {
  tenant: Tenant
  versions: Version[]
}

const now = () => performance.now()

describe.each([
  ['direct connections', false],
  ['poolers', true],
] as const)('behind %s', (_name, isPooled) => {
  let scene: Scene
  let owner: Person
  let counting: Tenant
  let pages: PageOf[]
  /** What was answered that should not have been. */
  const wrong: string[] = []
  let lookups = 0
  let reports = 0
  let slowestMs = 0
  let isOver = false
  let work: Promise<unknown>

  beforeAll(async () => {
    if (isPooled && !isPoolerThere) return
    scene = await startScene(isPooled ? 'outages_pooled' : 'outages', isPooled)
    owner = await makePerson()
    counting = await makeTenant({ owner })
    pages = await Promise.all(Array.from({ length: pageCount }, makePage))
    work = Promise.all([changePages(), ...[1, 2, 3].map(() => lookUpPages()), makeAndLookUp(), count()])
    // It fails in a test and not here.
    work.catch(() => {})
  })
  afterAll(async () => {
    isOver = true
    await work?.catch(() => {})
    await scene?.stop()
  })

  const running = isPooled ? it.skipIf(!isPoolerThere && !process.env.CI) : it

  async function makePage(): Promise<PageOf> {
    const tenant = await makeTenant()
    await admin.query(`update public.tenant_brands set display_name = '0' where tenant_id = $1`, [tenant.id])
    return { tenant, versions: [{ from: now(), until: Number.POSITIVE_INFINITY }] }
  }

  async function changePages(): Promise<void> {
    for (let n = 0; !isOver; n++) {
      const { tenant, versions } = pages[n % pageCount]!
      const from = now()
      const next = versions.length
      versions.push({ from, until: Number.POSITIVE_INFINITY })
      await admin.query('update public.tenant_brands set display_name = $2 where tenant_id = $1', [
        tenant.id,
        String(next),
      ])
      // From here on nobody may be told the old one for longer than is promised.
      versions[next - 1]!.until = now()
      await sleep(20)
    }
  }

  async function timed(path: string, options: Parameters<Scene['ask']>[1] = {}): Promise<Response> {
    const from = now()
    const answer = await scene.ask(path, options)
    slowestMs = Math.max(slowestMs, now() - from)
    if (answer.status !== 200) wrong.push(`${path}: ${answer.status} ${await answer.clone().text()}`)
    return answer
  }

  async function lookUpPages(): Promise<void> {
    while (!isOver) {
      const { tenant, versions } = pages[Math.floor(Math.random() * pageCount)]!
      const askedAt = now()
      const answer = await timed(`/branding/by-slug/${tenant.slug}`)
      if (answer.status !== 200) continue
      const { display_name } = (await answer.json()) as { display_name: string }
      const lateMs = askedAt - versions[Number(display_name)]!.until
      if (lateMs > promisedMs + toleranceMs) wrong.push(`${tenant.slug}: ${Math.round(lateMs)} ms too old`)
      lookups++
      await sleep(5)
    }
  }

  /** A page that was just made is there, and a slug that was just given up leads to the new one. */
  async function makeAndLookUp(): Promise<void> {
    while (!isOver) {
      const { tenant } = await makePage()
      await timed(`/branding/by-slug/${tenant.slug}`)
      const slug = freshSlug()
      const other = await makePage()
      await admin.query('update public.tenants set slug = $2 where id = $1', [other.tenant.id, slug])
      await timed(`/branding/by-slug/${slug}`)
      await sleep(100)
    }
  }

  async function count(): Promise<void> {
    for (let sent = 0; !isOver; reports++) {
      const body = { events: [{ type: 'llm.call', tokens_used: 1 }] }
      const stored = await call('/usage/events', { token: owner.token, tenant: counting.slug, body })
      if (stored.status !== 200) throw new Error(await stored.text())
      sent++
      const answer = await timed('/usage/totals?window=month', { token: owner.token, tenant: counting.slug })
      if (answer.status !== 200) continue
      const { totals } = (await answer.json()) as { totals: { event_count: number }[] }
      const counted = totals.reduce((sum, { event_count }) => sum + event_count, 0)
      if (counted !== sent) wrong.push(`A report counts ${counted} events of ${sent}.`)
      await sleep(20)
    }
  }

  /** Lets everything run for a while, and says what was wrong meanwhile. */
  async function goOnFor(ms: number): Promise<void> {
    const before = [lookups, reports]
    await Promise.race([sleep(ms), work])
    expect(wrong).toEqual([])
    // Otherwise nothing was looked at.
    await eventually(() => {
      expect(lookups).toBeGreaterThan(before[0]! + 20)
      expect(reports).toBeGreaterThan(before[1]! + 2)
    })
  }

  /** Whether lookups and reports reach the standby now. */
  async function isUsed(): Promise<{ lookups: boolean; reports: boolean }> {
    const from = (await scene.standby.log()).length
    await sleep(1_000)
    const asked = (await scene.standby.log()).slice(from)
    return {
      lookups: asked.includes('find_tenant_pages_by_slug'),
      reports: asked.includes('sum(u.event_count)'),
    }
  }
  const eventuallyUsed = () =>
    eventually(async () => expect(await isUsed()).toEqual({ lookups: true, reports: true }))
  const unused = { lookups: false, reports: false }

  running('it answers', async () => {
    await eventuallyUsed()
    await goOnFor(2_000)
  })

  running('it lags: it is not asked once it is further behind than is promised', async () => {
    // While it is near enough it is asked, and what is new is missing there.
    await eventuallyUsed()
    await scene.standby.query('select pg_wal_replay_pause()')
    await goOnFor(4_000)
    expect(await isUsed()).toEqual(unused)
    await goOnFor(4_000)
    await scene.standby.query('select pg_wal_replay_resume()')
    await eventuallyUsed()
    await goOnFor(1_000)
  })

  running('it hangs: it says nothing, and the primary answers', async () => {
    slowestMs = 0
    scene.standby.hang()
    await goOnFor(6_000)
    // Far from the ten seconds after which a statement is given up.
    expect(slowestMs).toBeLessThan(8_000)
    scene.standby.goOn()
    await eventuallyUsed()
    await goOnFor(1_000)
  })

  running('it stops, and comes back', async () => {
    await scene.standby.stop()
    await goOnFor(4_000)
    await scene.standby.start()
    await eventuallyUsed()
    await goOnFor(1_000)
  })

  running('somebody promotes it: it has a history of its own, and is asked no more', async () => {
    await scene.standby.query('select pg_promote()')
    // What the primary never had.
    await scene.standby.query(`update public.tenant_brands set display_name = '99999'`)
    await scene.standby.query('delete from public.usage_hours')
    await goOnFor(6_000)
    expect(await isUsed()).toEqual(unused)
  })
})
