import fc from 'fast-check'
import { beforeEach, expect, it } from 'vitest'
import { EmailTemplateDiff } from '../../../lib/notifications/index.ts'
import { diffLines } from '../../../lib/notifications/templates/diff.ts'
import { call, problemOf } from '../../kit/call.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})
const ask = async (path: string, method = 'GET', body?: unknown, by = owner) => {
  const url = `/notifications/templates${path}`
  const as = { token: by.token, tenant: tenant.slug }
  const isChange = method === 'PUT' || method === 'DELETE'
  const etag = isChange && (await call(url, as)).headers.get('etag')
  return call(url, { ...as, method, body, headers: { 'if-match': etag || '"0"' } })
}
const write = (path: string) =>
  ask(path, 'PUT', { name: 'Welcome', subject: 'Hi from {{tenant}}', body_html: '<p>{{name}}</p>' })

it('a tenant’s own words are compared with the global ones, field by field', async () => {
  await write('/welcome/en')
  const answer = await ask('/welcome/en/diff')
  expect(answer.status).toBe(200)
  const diff = EmailTemplateDiff.parse(await answer.json())
  expect(diff).toMatchObject({ slug: 'welcome', own_version: 1, global_version: 1 })
  expect(diff.changes).toEqual([
    { field: 'subject', lines: ['- Welcome to {{tenant}}', '+ Hi from {{tenant}}'] },
    {
      field: 'body_html',
      lines: ['- <p>Hello {{name}},</p><p>your account at {{tenant}} is ready.</p>', '+ <p>{{name}}</p>'],
    },
  ])
})

it('without words of its own, without global ones, and for strangers there is nothing to compare', async () => {
  expect(await problemOf(await ask('/welcome/de/diff'))).toMatchObject({ code: 'not_found' })
  await write('/own_words/en')
  expect(await problemOf(await ask('/own_words/en/diff'))).toMatchObject({ code: 'not_found' })
  const stranger = await makePerson()
  expect(await problemOf(await ask('/welcome/en/diff', 'GET', undefined, stranger))).toMatchObject({
    code: 'tenant_not_found',
  })
})

const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((lines) => lines.join('\n'))

it('a comparison holds both texts, and calls nothing different that is the same', () => {
  fc.assert(
    fc.property(text, text, (first, second) => {
      const lines = diffLines(first, second)
      const without = (mark: string) =>
        lines.flatMap((line) => (line.startsWith(mark) ? [] : [line.slice(2)])).join('\n')
      expect([without('+'), without('-')]).toEqual([first, second])
      if (first === second) expect(lines.every((line) => line.startsWith('  '))).toBe(true)
    }),
  )
})

it('very long texts are compared as a whole', () => {
  const lines = diffLines('x\n'.repeat(50_000), 'y')
  expect(lines).toHaveLength(50_002)
})
