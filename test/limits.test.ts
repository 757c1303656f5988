import { beforeEach, expect, it } from 'vitest'
import { superuser } from './kit/db.ts'
import { makePerson } from './kit/people.ts'
import type { Given, LimitTrick } from './kit/rules/limits.ts'
import { loadRules } from './kit/rules/load.ts'
import { makeTenant } from './kit/tenants.ts'

/**
 * Every rule that says how many or how often, and the tricks against it that its domain declares. A rule is a code that
 * SQL refuses with, so a new one fails here until a trick is tried.
 */
const tricks = (await loadRules<LimitTrick[]>('limits')).flatMap(({ rules }) => rules)

let given: Given
beforeEach(async () => {
  const owner = await makePerson()
  given = { owner, tenant: await makeTenant({ owner, plan: 'business' }) }
})

for (const { code, trick, run } of tricks)
  it(`${code}: ${trick}`, async () => {
    expect(await run(given)).toBe(code)
  })

it('every rule is tried', async () => {
  const { rows } = await superuser.query<{ code: string }>(
    `select distinct m[1] as code from pg_proc as p, regexp_matches(p.prosrc, '''(too_many_\\w+|\\w+_too_soon|\\w+_just_\\w+)''', 'g') as m
     where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)`,
  )
  const tried = new Set(tricks.map(({ code }) => code))
  expect(rows.map(({ code }) => code).filter((code) => !tried.has(code))).toEqual([])
  expect(rows.length).toBeGreaterThan(5)
})
