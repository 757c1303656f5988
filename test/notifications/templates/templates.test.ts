import { beforeEach, describe, expect, it } from 'vitest'
import { EmailPreview, EmailTemplate, EmailTemplates } from '../../../lib/notifications/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const ask = async (path: string, method = 'GET', body?: unknown, of = tenant, by = owner) => {
  const url = `/notifications/templates${path}`
  const as = { token: by.token, tenant: of.slug }
  const isChange = method === 'PUT' || method === 'DELETE'
  const etag = isChange && (await call(url, as)).headers.get('etag')
  return call(url, { ...as, method, body, headers: { 'if-match': etag || '"0"' } })
}
const read = async (path = '/invitation/en') => EmailTemplate.parse(await (await ask(path)).json())
const ours = {
  name: 'Ours',
  subject: '{{tenant}} wants you',
  body_html: '<p>Come: {{link}}, until {{expires_on}}</p>',
}
const write = (change: object = {}, path = '/invitation/en') => ask(path, 'PUT', { ...ours, ...change })

it('a tenant begins with the global words, writes its own, and goes back', async () => {
  expect(await read()).toMatchObject({ is_global: true, subject: 'You are invited to {{tenant}}' })
  expect((await write()).status).toBe(200)
  const own = await read()
  expect(own).toMatchObject({ is_global: false, subject: ours.subject, category: 'onboarding', version: 1 })
  expect(own.variables.map(({ key }) => key)).toEqual(['tenant', 'link', 'expires_on'])
  const { rows } = await admin.query(
    `select source_template_id is not null as has_source, created_by from public.email_templates where tenant_id = $1`,
    [tenant.id],
  )
  expect(rows).toEqual([{ has_source: true, created_by: owner.id }])
  expect((await ask('/invitation/en', 'DELETE')).status).toBe(204)
  expect(await read()).toMatchObject({ is_global: true })
  expect(await problemOf(await ask('/invitation/en', 'DELETE'))).toMatchObject({ code: 'not_found' })
})

it('the version grows with the words, and not with the name', async () => {
  await write()
  await write({ name: 'Renamed' })
  expect((await read()).version).toBe(1)
  await write({ subject: 'Now: {{tenant}}' })
  expect((await read()).version).toBe(2)
})

it('the list has each template once, and nothing of another tenant', async () => {
  await write()
  const stranger = await makePerson()
  const other = await makeTenant({ owner: stranger })
  await ask('/theirs/en', 'PUT', { ...ours, subject: 'x', body_html: 'x' }, other, stranger)
  const { email_templates: rows } = EmailTemplates.parse(await (await ask('')).json())
  const names = rows.map(({ slug, locale }) => `${slug} ${locale}`)
  expect(names).toEqual([...new Set(names)].sort())
  expect(rows.filter(({ is_global }) => !is_global).map(({ slug }) => slug)).toEqual(['invitation'])
  expect((await ask('/theirs/en')).status).toBe(404)
})

describe('a template is refused', () => {
  it.each<[string, object, string]>([
    ['with a value that is not escaped', { subject: '{{{tenant}}}' }, '/subject'],
    ['with a section', { body_html: `${ours.body_html}{{#link}}x{{/link}}` }, '/body_html'],
    ['with a variable that there is not', { body_html: `${ours.body_html} {{password}}` }, '/body_html'],
    ['without one that it must have', { body_html: '<p>Come until {{expires_on}}</p>' }, '/body_html'],
    ['with a text without one that it must have', { body_text: 'Come: {{link}}' }, '/body_text'],
    ['with braces that do not close', { body_text: '{{link' }, '/body_text'],
  ])('%s', async (_, change, pointer) => {
    expect(await problemOf(await write(change))).toEqual({
      status: 422,
      code: 'invalid_value',
      pointers: [pointer],
    })
    expect(await read()).toMatchObject({ is_global: true })
  })

  it.each<[string, object, string]>([
    ['with a line break in its subject', { subject: 'a\nBcc: x' }, '/subject'],
    ['without words', { body_html: '' }, '/body_html'],
    ['of more than 100,000 letters', { body_html: 'x'.repeat(100_001) }, '/body_html'],
    ['with control characters', { body_html: 'x\u0001' }, '/body_html'],
    ['with an unknown field', { tenant_id: 'x' }, '/tenant_id'],
    ['to go by an unknown way', { send_via: 'pigeon' }, '/send_via'],
  ])('%s', async (_, change, pointer) => {
    expect(await problemOf(await write(change))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers: [pointer],
    })
  })

  it.each(['/Invitation/en', '/invitation/english', '/a-b/en'])('at %s', async (path) => {
    expect((await write({}, path)).status).toBe(404)
  })

  it('with its own variable twice', async () => {
    const variables = [{ key: 'a' }, { key: 'a' }]
    const refused = await write({ subject: 'x', body_html: 'x', variables }, '/own/en')
    expect(await problemOf(refused)).toMatchObject({ code: 'invalid_value', pointers: ['/variables'] })
  })
})

it('a preview is in the look of the tenant, and is sent to nobody', async () => {
  await admin.query(
    `update public.tenant_brands set display_name = 'Ada <3', brand = '{"colors": {"primary": "#0b6e4f"}}',
       email_config = '{"from_name": "Ada", "reply_to": "ada@example.com"}' where tenant_id = $1`,
    [tenant.id],
  )
  const response = await ask('/invitation/en/preview', 'POST', {
    data: { tenant: 'Ada <3', link: 'https://x.test' },
  })
  expect(response.headers.get('content-security-policy')).toBe('sandbox')
  const mail = EmailPreview.parse(await response.json())
  expect(mail).toMatchObject({
    subject: 'You are invited to Ada <3',
    from_name: 'Ada',
    reply_to: 'ada@example.com',
  })
  expect(mail.html).toContain('#0b6e4f')
  expect(mail.html).toContain('Ada &#60;3')
  expect(mail.html).not.toContain('<3')
})

it('a preview is in a brand that is not saved, for whoever may change it, and changes nothing', async () => {
  const preview = (brand: object, by = owner) =>
    ask('/welcome/en/preview', 'POST', { data: { tenant: 'Ada', name: 'Bob' }, brand }, tenant, by)
  const brand = { display_name: 'Not yet', brand: { colors: { primary: '#123abc' } } }
  const { html } = EmailPreview.parse(await (await preview(brand)).json())
  expect(html).toContain('#123abc')
  expect(html).toContain('>Not yet<')
  expect((await (await ask('/welcome/en/preview', 'POST', {})).json()).html).not.toContain('#123abc')
  expect(await problemOf(await preview({ brand: { colors: { primary: 'blue-ish' } } }))).toEqual({
    ...{ status: 422, code: 'invalid_brand', pointers: ['/brand/brand/colors/primary'] },
  })
  const reviewer = await makePerson()
  await admin.query(
    `insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'reviewer')`,
    [tenant.id, reviewer.id],
  )
  expect((await preview(brand, reviewer)).status).toBe(403)
})

it('a preview is of words that are not saved, checked as they would be, and saves nothing', async () => {
  const preview = (words: object) =>
    ask('/welcome/en/preview', 'POST', { data: { tenant: 'Ada', name: 'Bob' }, words })
  const mail = EmailPreview.parse(
    await (await preview({ subject: 'Hi {{name}}', body_html: '<p>{{tenant}}: {{name}}</p>' })).json(),
  )
  expect([mail.subject, mail.text]).toEqual(['Hi Bob', expect.stringContaining('Ada: Bob')])
  expect(await problemOf(await preview({ body_html: '{{#name}}' }))).toMatchObject({
    ...{ code: 'invalid_value', pointers: ['/body_html'] },
  })
  const { subject, is_global } = (await (await ask('/welcome/en')).json()) as Record<string, unknown>
  expect([subject === 'Hi {{name}}', is_global]).toEqual([false, true])
})
