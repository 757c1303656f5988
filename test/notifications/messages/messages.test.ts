import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { mailTo } from '../../kit/mailbox.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { jobsOf, settledJobs } from '../dispatch/world.ts'

let owner: Person
let tenant: Tenant
let key: string
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner, plan: 'business' })
  const made = await call(`/registry/tenants/${tenant.slug}/api-keys`, {
    token: owner.token,
    body: { name: 'Letters', scopes: ['notifications:write'] },
  })
  key = ((await made.json()) as { key: string }).key
})
const to = () => `${randomUUID()}@example.com`
const send = (message: object = {}, token = key) =>
  call('/notifications/messages', {
    token,
    body: { channel: 'email', to: to(), template: 'welcome', data: { name: 'Bob' }, ...message },
  })
/** To a telephone, for which the stack has no provider. */
const text = (message: object = {}) => send({ channel: 'sms', to: '+447700900123', ...message })
const accepted = async (answer: Promise<Response>) => {
  const response = await answer
  expect(response.status).toBe(202)
  return ((await response.json()) as { ref_id: string }).ref_id
}
const used = async () =>
  Number((await admin.query(`select (private.find_limit($1, 'messages')).used`, [tenant.id])).rows[0].used)

describe('a message', () => {
  it('arrives, in the words and the language of its template, and can be ended', async () => {
    const bob = to()
    await accepted(send({ to: ` ${bob.toUpperCase()} `, locale: 'de-CH', data: { name: 'Bob <b>' } }))
    await settledJobs(tenant)
    const [mail, ...others] = await mailTo(bob)
    expect(others).toEqual([])
    expect(mail!.subject).toBe(`Willkommen bei ${tenant.slug}`)
    expect(mail!.html).toContain('Bob &#60;b&#62;')
    expect(mail!.headers.map(({ name }) => name.toLowerCase())).toContain('list-unsubscribe')
    expect(await used()).toBe(1)
  })

  it('with a key is sent once, and counted once, from however many requests', async () => {
    const bob = to()
    const refs = await Promise.all(
      Array.from({ length: 10 }, () => accepted(send({ to: bob, idempotency_key: 'one' }))),
    )
    expect(new Set(refs).size).toBe(1)
    expect(await jobsOf(tenant)).toHaveLength(1)
    expect(await used()).toBe(1)
    const other = await send({
      to: bob,
      idempotency_key: 'one',
      template: 'invitation',
      data: { link: 'x', expires_on: 'y' },
    })
    expect(await problemOf(other)).toMatchObject({ status: 409, code: 'conflict' })
    await accepted(send({ idempotency_key: 'one' }))
    expect(await used()).toBe(2)
  })

  it('goes to nobody who unsubscribed', async () => {
    const bob = to()
    await admin.query(`select private.suppress($1, 'email', $2, 'unsubscribed')`, [tenant.id, bob])
    await accepted(send({ to: bob }))
    expect(await settledJobs(tenant)).toMatchObject([{ status: 'suppressed' }])
  })
})

describe('is refused, sends nothing and counts nothing:', () => {
  it.each<[string, object, string, string[]]>([
    ['a template that there is not', { template: 'nothing' }, 'invalid_value', ['/template']],
    ['a template without a value that it needs', { data: {} }, 'invalid_value', ['/data']],
    ['an empty value that it needs', { data: { name: '' } }, 'invalid_value', ['/data']],
    ['an address that is none', { to: 'bob at example' }, 'invalid_value', ['/to']],
    ['two addresses', { to: 'bob@example.com, eve@example.com' }, 'invalid_value', ['/to']],
    [
      'an address with a line break',
      { to: 'bob@example.com\r\nBcc: eve@example.com' },
      'invalid_value',
      ['/to'],
    ],
    ['a number as an address', { to: '+447700900123' }, 'invalid_value', ['/to']],
    ['an address as a number', { channel: 'sms' }, 'invalid_value', ['/to']],
    ['a channel that there is not', { channel: 'fax' }, 'invalid_body', ['/channel']],
    ['data that is a list', { data: [] }, 'invalid_body', ['/data']],
    ['data of 40 KB', { data: { name: 'x'.repeat(40_000) } }, 'invalid_value', []],
    ['words of its own', { subject: 'Buy!' }, 'invalid_body', []],
    ['a key with a space', { idempotency_key: 'a b' }, 'invalid_body', ['/idempotency_key']],
  ])('%s', async (_, message, code, pointers) => {
    const problem = await problemOf(await send(message))
    expect(problem).toMatchObject({ status: 422, code })
    for (const pointer of pointers) expect(problem.pointers).toContain(pointer)
    expect(await jobsOf(tenant)).toEqual([])
    expect(await used()).toBe(0)
  })

  it('a template of another tenant', async () => {
    const other = await makeTenant()
    await admin.query(
      `insert into public.email_templates (tenant_id, slug, name, subject, body_html) values ($1, 'theirs', 'Theirs', 'x', 'x')`,
      [other.id],
    )
    expect(await problemOf(await send({ template: 'theirs' }))).toMatchObject({ pointers: ['/template'] })
  })

  it('a request without the scope, or of a member who does not manage', async () => {
    const member = await makePerson()
    await admin.query(
      `insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'member')`,
      [tenant.id, member.id],
    )
    expect(await problemOf(await send({}, member.token))).toMatchObject({ status: 403, code: 'forbidden' })
    expect(await jobsOf(tenant)).toEqual([])
  })
})

describe('the plan allows so many messages a month', () => {
  const most = 50_000
  it('and one more is refused, with the limit and the plan; of many at once exactly what is left is taken', async () => {
    await admin.query(`select private.count_places($1, 'messages', $2)`, [tenant.id, most - 3])
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => text({ idempotency_key: `k${n}` })),
    )
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(3)
    const refused = answers.filter(({ status }) => status === 402)
    expect(refused).toHaveLength(9)
    expect(await refused[0]!.json()).toMatchObject({
      ...{ code: 'limit_reached', limit: 'messages', most, plan: 'business', plans: ['enterprise'] },
    })
    expect(await used()).toBe(most)
    expect((await jobsOf(tenant)).filter(({ type }) => type === 'message')).toHaveLength(3)
  })

  it('and a repeated request is no further message, also when none is left', async () => {
    await admin.query(`select private.count_places($1, 'messages', $2)`, [tenant.id, most - 1])
    const ref = await accepted(text({ idempotency_key: 'last' }))
    expect(await accepted(text({ idempotency_key: 'last' }))).toBe(ref)
    expect((await text({ idempotency_key: 'another' })).status).toBe(402)
  })
})
