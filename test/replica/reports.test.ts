import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { functionNames, routesOf } from '../http/apps.ts'
import { call } from '../kit/call.ts'
import { admin } from '../kit/db.ts'
import { eventually } from '../kit/eventually.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { makeKey } from '../registry/api-keys/world.ts'
import { type Scene, startScene } from './scene.ts'

// A standby refuses whatever writes, and the functions then ask the primary. So what the standby itself was asked shows whether
// a report has effects beside its answer.

const range = 'since=2026-10-01T00:00:00Z&until=2026-10-12T00:00:00Z'
/** A path for each route that is a report, and words that only its own statement has. */
const reports: Record<string, [path: string, words: string]> = {
  'GET /usage/totals': [`/usage/totals?${range}`, 'sum(u.event_count)'],
  'GET /usage/meters': ['/usage/meters', 'order by m.id desc'],
  'GET /usage/meters/:meter': ['/usage/meters/tokens', 'm.slug ='],
  'GET /usage/meters/:meter/query': [`/usage/meters/tokens/query?${range}`, 'uncounted_count'],
  'GET /usage/spend': ['/usage/spend', 'read_spend'],
}

const stack = inject('stack')
let scene: Scene
let owner: Person
let tenant: Tenant
let key: string
beforeAll(async () => {
  scene = await startScene('reports')
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  key = (await makeKey(tenant, owner)).key
  const meter = { slug: 'tokens', name: 'Tokens', aggregation: 'sum', value_property: 'tokens_used' }
  expect((await call('/usage/meters', { token: owner.token, tenant: tenant.slug, body: meter })).status).toBe(
    201,
  )
})
afterAll(() => scene?.stop())

/** What the standby was asked during some work. */
async function askedDuring(work: () => Promise<void>): Promise<string> {
  const from = (await scene.standby.log()).length
  await work()
  return (await scene.standby.log()).slice(from)
}

const logUsage = async (count: number) => {
  const events = Array.from({ length: count }, () => ({ type: 'llm.call', tokens_used: 1 }))
  const answer = await call('/usage/events', { token: owner.token, tenant: tenant.slug, body: { events } })
  expect(answer.status).toBe(200)
}
const counted = async () => {
  const answer = await scene.ask('/usage/totals?window=month', { token: owner.token, tenant: tenant.slug })
  expect(answer.status, await answer.clone().text()).toBe(200)
  const { totals } = (await answer.json()) as { totals: { event_count: number }[] }
  return totals.reduce((sum, { event_count }) => sum + event_count, 0)
}

describe('a report', () => {
  it('is every route that is declared as one, and each only reads', async () => {
    const routes = (await Promise.all(functionNames.map(routesOf))).flat()
    const declared = routes.filter(({ access }) => access?.auth === 'member' && access.report)
    expect(declared.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
      Object.keys(reports).sort(),
    )
  })

  it.each(Object.entries(reports))('%s is answered by the standby alone', async (name, [path, words]) => {
    const isForService = name === 'GET /usage/spend'
    const callers = [
      { token: owner.token },
      { token: key },
      ...(isForService ? [{ apikey: stack.secret_key }] : []),
    ]
    // The standby may have been left out for a moment, when it was behind.
    for (const caller of callers)
      await eventually(async () => {
        const asked = await askedDuring(async () => {
          const answer = await scene.ask(path, { ...caller, tenant: tenant.slug })
          expect(answer.status, await answer.text()).toBe(200)
        })
        expect(asked).toContain(words)
        expect(asked).not.toContain('ERROR')
      })
  })

  it('says what the primary says', async () => {
    await logUsage(3)
    for (const [path] of Object.values(reports)) {
      const [here, there] = await Promise.all([
        scene.ask(path, { token: owner.token, tenant: tenant.slug }).then((answer) => answer.text()),
        call(path, { token: owner.token, tenant: tenant.slug }).then((answer) => answer.text()),
      ])
      expect(here).toBe(there)
    }
  })

  it('knows of everything that was committed before it', async () => {
    const before = await counted()
    for (let n = 1; n <= 20; n++) {
      await logUsage(2)
      expect(await counted()).toBe(before + 2 * n)
    }
  })

  it('is open to a member at once, and closed at once', async () => {
    const person = await makePerson()
    const ask = async () =>
      (await scene.ask('/usage/totals', { token: person.token, tenant: tenant.slug })).status
    expect(await ask()).toBe(404)
    for (let n = 0; n < 5; n++) {
      await admin.query(
        `insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'member')`,
        [tenant.id, person.id],
      )
      expect(await ask()).toBe(200)
      await admin.query('delete from public.tenant_members where tenant_id = $1 and user_id = $2', [
        tenant.id,
        person.id,
      ])
      expect(await ask()).toBe(404)
    }
  })

  it('runs as its caller, who sees there what row level security lets them see', async () => {
    const stranger = await makePerson()
    const own = await makeTenant({ owner: stranger })
    await eventually(async () => {
      const asked = await askedDuring(async () => {
        const answer = await scene.ask('/usage/totals', { token: stranger.token, tenant: own.slug })
        expect(await answer.json()).toEqual({ totals: [], next_cursor: null })
      })
      expect(asked).toMatch(new RegExp(`'authenticated'.*"sub":"${stranger.id}"`))
    })
  })
})
