import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { rolledBack, superuser } from '../../kit/db.ts'
import { type Plan, readGates, readPlans } from './register.ts'

const page = readFileSync('docs/plans.md', 'utf8')
/** Docs say what the register says, line by line. */
const table = (head: string[], lines: string[][]) =>
  [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
const names = (plans: Plan[]) => plans.map(({ plan }) => plan)

describe('docs/plans.md', () => {
  it('names the plans and their prices', async () => {
    for (const { name, price_minor, trial_days } of await readPlans()) {
      const price = trial_days ? `0, for ${trial_days} days` : price_minor ? price_minor / 100 : 'on request'
      expect(page).toContain(`| ${name} | ${price} |`)
    }
  })
  it('has the features of the register', async () => {
    const plans = await readPlans()
    const lines = (await readGates('feature')).map(({ gate, description, asked_for }) => [
      `\`${gate}\``,
      description,
      ...plans.map(({ features }) => (features.includes(gate) ? 'yes' : '')),
      asked_for ?? '',
    ])
    expect(page).toContain(table(['feature', 'what it is', ...names(plans), 'asked for'], lines))
  })
  it('has the limits of the register', async () => {
    const plans = await readPlans()
    const lines = (await readGates('limit')).map(({ gate, description, asked_for, is_monthly }) => [
      `\`${gate}\`${is_monthly ? ', a month' : ''}`,
      description,
      ...plans.map(({ limits }) => String(limits[gate])),
      asked_for ?? '',
    ])
    expect(page).toContain(table(['limit', 'what it counts', ...names(plans), 'asked for'], lines))
  })
})

describe('the register', () => {
  it('gives a plan no feature or limit that is not a gate', async () => {
    const [features, limits] = [await readGates('feature'), await readGates('limit')]
    for (const plan of await readPlans()) {
      expect(plan.features.filter((name) => !features.some(({ gate }) => gate === name))).toEqual([])
      expect(Object.keys(plan.limits).sort()).toEqual(limits.map(({ gate }) => gate))
    }
  })
  it('gives the trial, business and enterprise every feature', async () => {
    const features = (await readGates('feature')).map(({ gate }) => gate)
    for (const plan of await readPlans())
      if (['trial', 'business', 'enterprise'].includes(plan.plan))
        expect([plan.plan, [...plan.features].sort()]).toEqual([plan.plan, features])
  })
  it('gives a dearer plan whatever a cheaper one has, and at least as much of it', async () => {
    const paid = (await readPlans()).filter(({ trial_days }) => trial_days === null)
    expect(names(paid)).toEqual(['starter', 'professional', 'business', 'enterprise'])
    for (const [n, plan] of paid.slice(1).entries()) {
      const cheaper = paid[n]!
      expect(cheaper.features.filter((feature) => !plan.features.includes(feature))).toEqual([])
      for (const [limit, most] of Object.entries(cheaper.limits))
        expect([limit, plan.limits[limit]! >= most]).toEqual([limit, true])
    }
  })
  it.each([
    [`private.register_feature('probe', 'x', '{free}')`, 'names a plan that does not exist'],
    [`private.register_limit('probe', 'x', '{"starter": 1}', 'x')`, 'one number for each plan'],
  ])('refuses %s', async (call, message) => {
    await expect(superuser.query(`select ${call}`)).rejects.toThrow(message)
  })
  it('takes a feature away from the plans that a later call does not name', () =>
    rolledBack(superuser, async (db) => {
      const having = async () => {
        const { rows } = await db.query<{ plan: string }>(
          `select plan from public.plans where 'probe' = any (features) order by plan`,
        )
        return rows.map(({ plan }) => plan)
      }
      await db.query(`select private.register_feature('probe', 'x', '{trial,starter}')`)
      await db.query(`select private.register_feature('probe', 'x', '{trial,starter}')`)
      expect(await having()).toEqual(['starter', 'trial'])
      await db.query(`select private.register_feature('probe', 'x')`)
      expect(await having()).toEqual(['business', 'enterprise', 'trial'])
    }))
})
