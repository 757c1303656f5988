import { beforeEach, describe, expect, it } from 'vitest'
import { EmailTemplate } from '../../../lib/notifications/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let other: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  other = await makePerson()
  tenant = await makeTenant({ owner, admin: other })
})
const words = (subject: string) => ({
  name: 'Ours',
  subject: `${subject}: {{tenant}}`,
  body_html: '<p>{{name}}</p>',
})
const ask = (method: string, ifMatch?: string, body?: unknown, who = owner) =>
  call('/notifications/templates/welcome/en', {
    method,
    token: who.token,
    tenant: tenant.slug,
    body,
    ...(ifMatch !== undefined && { headers: { 'if-match': ifMatch } }),
  })
const read = async () => EmailTemplate.parse(await (await ask('GET')).json())
const tag = async () => (await ask('GET')).headers.get('etag') ?? ''

describe('two people who write one template', () => {
  it('cannot overwrite each other: the second is told, and the words of the first stay', async () => {
    expect(await tag()).toBe('"0"')
    const first = await ask('PUT', '"0"', words('First'))
    expect([first.status, first.headers.get('etag')]).toEqual([200, await tag()])
    const second = await ask('PUT', '"0"', words('Second'), other)
    expect([second.status, await second.json()]).toEqual([
      412,
      expect.objectContaining({ code: 'template_changed', revision: (await read()).revision }),
    ])
    expect((await read()).subject).toBe('First: {{tenant}}')
    expect((await ask('PUT', await tag(), words('Second'), other)).status).toBe(200)
  })

  it('are told of a change of its name too, and of a removal', async () => {
    await ask('PUT', '"0"', words('First'))
    const before = await tag()
    await ask('PUT', before, { ...words('First'), name: 'Renamed', is_active: false })
    expect(await problemOf(await ask('PUT', before, words('Mine'), other))).toMatchObject({
      code: 'template_changed',
    })
    expect(await problemOf(await ask('DELETE', before, undefined, other))).toMatchObject({
      code: 'template_changed',
    })
    expect(await read()).toMatchObject({ name: 'Renamed', is_active: false, is_global: false })
    expect((await ask('DELETE', await tag())).status).toBe(204)
    // What was written anew is another one, also where its words are the same.
    await ask('PUT', '"0"', words('First'))
    expect(await problemOf(await ask('PUT', before, words('Mine'), other))).toMatchObject({
      status: 412,
      code: 'template_changed',
    })
  })

  it.each(['first', 'later'])(
    'at the same moment: one %s change is made, and the others are told',
    async (which) => {
      if (which === 'later') await ask('PUT', '"0"', words('Before'))
      const known = await tag()
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) => ask('PUT', known, words(`Editor ${n}`), n % 2 ? owner : other)),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(412)])
      const won = EmailTemplate.parse(await answers.find(({ status }) => status === 200)!.json())
      expect(await read()).toEqual(won)
    },
  )

  it.each([undefined, '*', '0', 'W/"0"', '"x"', '"1"', '"0", "0"'])(
    'say which one they change: If-Match %s is 428',
    async (given) => {
      await ask('PUT', '"0"', words('First'))
      for (const answer of [await ask('PUT', given, words('Mine')), await ask('DELETE', given)])
        expect(await problemOf(answer)).toMatchObject({ status: 428, code: 'if_match_required' })
      expect((await read()).subject).toBe('First: {{tenant}}')
    },
  )
})
