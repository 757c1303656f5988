import { readFileSync } from 'node:fs'
import { globSync } from 'tinyglobby'
import { expect, it } from 'vitest'
import { isInAuditLog } from '../../web/console/api/last-change.ts'
import refusals from '../../web/console/app/words/refusals/de.ts'
import words from '../../web/console/screens/home/words/de.ts'
import { superuser } from '../kit/db.ts'
import { loadRules, mergeOnce } from '../kit/rules/load.ts'
import type { RouteRule, RouteRules } from '../kit/rules/routes.ts'
import { people } from '../kit/rules/routes.ts'

// Every route that somebody of a tenant may call has a screen that calls it, or says beside its other rules why not. What
// a stranger may call belongs to the pages of visitors, and what the secret key alone may call to servers.

const rules: Record<string, RouteRule> = mergeOnce('route', await loadRules<RouteRules>('routes'))

/** By method and path, as the rules name them. */
const called = new Set(
  globSync('web/console/api/**/*.ts').flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\.(GET|POST|PUT|PATCH|DELETE|list)\(\s*'(\/[^']+)'/g)].map(
      ([, method, path]) =>
        `${method === 'list' ? 'GET' : method} ${path!.replaceAll('{', ':').replaceAll('}', '')}`,
    ),
  ),
)
const ofPeople = Object.entries(rules).filter(
  ([, { may }]) =>
    may.some(({ admits }) => people.some((person) => admits.includes(person))) &&
    !may.some(({ admits }) => admits.includes('none')),
)

it('the screens call routes that there are', () => {
  expect(called.size).toBeGreaterThan(15)
  expect([...called].filter((name) => !Object.hasOwn(rules, name))).toEqual([])
})

it('every route of a tenant’s people has a screen, or a reason why it has none', () => {
  const without = ofPeople.filter(([name, { noScreen }]) => !called.has(name) && !noScreen)
  expect(without.map(([name]) => name)).toEqual([])
})

it('no reason stands where there is a screen', () => {
  const both = Object.entries(rules).filter(([name, { noScreen }]) => noScreen && called.has(name))
  expect(both.map(([name]) => name)).toEqual([])
})

it('a change that leaves no row in the audit log is not looked for there', () => {
  const wrong = [...called].filter((name) => {
    const [method, path] = name.split(' ') as [string, string]
    // A read leaves a row too where it is of note, and is no change. Whoever accepts has no tenant open yet.
    if (method === 'GET' || path.startsWith('/registry/invitations/')) return false
    // The call that the rules make is refused, and a refusal leaves a row.
    if ((rules[name]?.gives ?? 200) >= 400) return false
    return isInAuditLog(method, path) === Boolean(rules[name]?.unaudited)
  })
  expect(wrong).toEqual([])
})

it('refusals and findings that have a sentence in other languages are ones that there are', async () => {
  const codes = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `(\w+)`/gm)].map(([, code]) => code)
  expect(Object.keys(refusals).filter((code) => !codes.includes(code))).toEqual([])
  const { rows } = await superuser.query('select code from private.overview_codes order by code')
  expect(Object.keys(words.finding).sort()).toEqual(rows.map(({ code }) => code))
})
