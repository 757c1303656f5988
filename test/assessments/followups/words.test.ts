import { beforeEach, describe, expect, it } from 'vitest'
import { defaultTemplates, variables } from '../../../lib/assessments/followups/check.ts'
import { problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { Config } from '../frameworks/config.ts'

let config: Config
beforeEach(async () => {
  config = await Config.ofNewTenant()
})

const words = { subject: 'Hello {{person}}', body_html: '<p>{{campaign}} {{booking_url}} {{primary}}</p>' }
const followup = { id: 'soon', after_hours: 1, template: 'ours' }

describe('a configuration is refused', () => {
  it.each<[string, object, string]>([
    [
      'with a follow-up that has no words',
      { followups: [{ ...followup, template: 'followup_day3' }, followup] },
      '/followups/1/template',
    ],
    [
      'with a template that is no follow-up’s',
      { followups: [{ ...followup, template: 'invitation' }] },
      '/followups/0/template',
    ],
    [
      'with words that were there and are removed',
      { followups: [followup], email_templates: { ours: null } },
      '/followups/0/template',
    ],
    [
      'with two follow-ups of one id',
      { followups: [followup, followup], email_templates: { ours: words } },
      '/followups/1/id',
    ],
    [
      'with a variable that nobody knows',
      { email_templates: { ours: { ...words, subject: '{{password}}' } } },
      '/email_templates/ours/subject',
    ],
    [
      'with braces that do not close',
      { email_templates: { ours: { ...words, body_html: 'a {{person' } } },
      '/email_templates/ours/body_html',
    ],
    [
      'with a value that is not escaped',
      { email_templates: { ours: { ...words, body_html: '{{{person}}}' } } },
      '/email_templates/ours/body_html',
    ],
    [
      'with a section',
      { email_templates: { ours: { ...words, body_html: '{{#person}}x{{/person}}' } } },
      '/email_templates/ours/body_html',
    ],
    [
      'with words that have no subject',
      { email_templates: { ours: { body_html: 'x' } } },
      '/email_templates/ours/subject',
    ],
  ])('%s', async (_what, communications, pointer) => {
    for (const [path, method, more] of [
      ['', 'PATCH', {}],
      ['/draft', 'PUT', { base_version: 0 }],
    ] as const) {
      const answer = await problemOf(await config.ask(method, path, { ...more, communications }, 0))
      expect(answer).toMatchObject({ status: 422, code: 'invalid_value' })
      expect(answer.pointers).toContain(`/communications${pointer}`)
    }
    expect((await config.read()).version).toBe(0)
  })

  it.each([
    ['a line break in a subject', { ...words, subject: 'a\nBcc: b' }, 'subject'],
    ['a control character', { ...words, body_html: 'a\u0007' }, 'body_html'],
  ])('with %s', async (_what, ours, field) => {
    const answer = await problemOf(
      await config.ask('PATCH', '', { communications: { email_templates: { ours } } }, 0),
    )
    expect(answer).toMatchObject({ status: 422, code: 'invalid_body' })
    expect(answer.pointers).toContain(`/communications/email_templates/ours/${field}`)
  })
})

it('a configuration may have follow-ups in words of its own, in the default ones, and none', async () => {
  const own = { followups: [followup], email_templates: { ours: words } }
  await config.patch(0, { communications: own })
  await config.patch(1, { communications: { followups: [{ ...followup, template: 'followup_day10' }] } })
  await config.patch(2, { communications: { followups: [] } })
  expect((await config.ask('POST', '/restore', { version: 1 }, 3)).status).toBe(200)
  expect((await config.read()).communications).toEqual(own)
})

it('the default words are those that every tenant has, with values that follow-ups have', async () => {
  const { rows } = await admin.query<{ slug: string; keys: string[] }>(
    `select e.slug, array(select v ->> 'key' from jsonb_array_elements(e.variables) as v) as keys from public.email_templates as e
     where e.tenant_id = private.platform_tenant_id() and e.slug like 'followup%'`,
  )
  expect([...new Set(rows.map(({ slug }) => slug))].sort()).toEqual([...defaultTemplates].sort())
  for (const { keys } of rows) expect(variables).toEqual(expect.arrayContaining(keys))
})
