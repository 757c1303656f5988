import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { lookOf } from '../../../lib/notifications/templates/look.ts'
import { type Look, renderMail } from '../../../lib/notifications/templates/render.ts'
import { parseTemplate } from '../../../lib/templates/index.ts'
import { admin } from '../../kit/db.ts'

const look: Look = {
  name: 'Ada & Co',
  logo_url: null,
  primary: '#401405',
  background: '#ffffff',
  text: '#000000',
  from_name: 'Ada',
  reply_to: null,
  signature: null,
  is_powered_by_shown: true,
}
const footer = { locale: 'de', unsubscribe_url: 'https://example.com/u?a=1&b=2' }
const render = (
  words: { subject?: string; body_html?: string; body_text?: string },
  data: object = {},
  of = look,
) => renderMail({ subject: 'S', body_html: '<p>B</p>', body_text: null, ...words }, data, of, footer)

afterEach(() => vi.unstubAllEnvs())

describe('the logo of a mail', () => {
  it('has its whole address, also one that was uploaded', () => {
    vi.stubEnv('SUPABASE_URL', 'https://ref.supabase.co/')
    const path = '/storage/v1/object/public/brands/01JD3N8Q4ZB6T2V9XK5M7R0C1E/logo/0f.png'
    const html = (logo_url: string | null) => render({}, {}, lookOf({ ...look, logo_url })).html
    expect(html(path)).toContain(`<img src="https://ref.supabase.co${path}"`)
    expect(html('https://cdn.example.com/a.png')).toContain('<img src="https://cdn.example.com/a.png"')
    expect(html(null)).not.toContain('<img')
  })
})

describe('a template', () => {
  it.each([
    ['a value that is not escaped', 'a {{{name}}}', /something else than \{\{name\}\} in line 1, column 3/],
    ['the other spelling of it', '{{&name}}', /column 1/],
    ['a section', 'x\ny {{#name}}z{{/name}}', /line 2, column 3/],
    ['an inverted section', '{{^name}}z{{/name}}', /something else/],
    ['a partial', '{{>footer}}', /something else/],
    ['a comment', '{{! later }}', /something else/],
    ['other delimiters', '{{=<% %>=}} <% name %>', /something else/],
    ['braces that do not close', 'abc {{name', /do not close/],
    ['a section that does not close', '{{#name}}', /do not close/],
    ['an end of nothing', '{{/name}}', /do not close/],
    ['a name of the language', '{{constructor.Name}}', /a name that is not/],
    ['the value itself', '{{.}}', /a name that is not/],
  ])('with %s is refused, with its place', (_, template, message) => {
    expect(() => parseTemplate(template)).toThrow(message)
  })

  it('is the text and the names that stand in it', () => {
    expect(parseTemplate('Hi {{ author.name }}, }} {')).toEqual([
      { text: 'Hi ' },
      { name: 'author.name' },
      { text: ', }} {' },
    ])
  })
})

describe('a mail', () => {
  it('escapes what its values say, in the words and in attributes', () => {
    const { html } = render(
      { body_html: '<a href="{{link}}">{{name}}</a>' },
      { link: '"><script>x</script>', name: "<b>&'" },
    )
    expect(html).toContain('<a href="&#34;&#62;&#60;script&#62;x&#60;/script&#62;">&#60;b&#62;&#38;&#39;</a>')
    expect(html).toContain('Ada &#38; Co')
  })

  it('has a subject and a sender that cannot leave their line', () => {
    const mail = render(
      { subject: 'Hi {{name}}' },
      { name: 'Ada\r\nBcc: eve@example.com\u202e\u0000' },
      { ...look, from_name: 'Ada\nBcc: eve@example.com' },
    )
    expect(mail.subject).toBe('Hi Ada Bcc: eve@example.com')
    expect(mail.from_name).toBe('Ada Bcc: eve@example.com')
  })

  it('says the same as text, with its links and the way to end such mails', () => {
    const { text } = render({ body_html: '<p>See <a href="https://example.com/x">this</a></p>' })
    expect(text).toContain('See this [https://example.com/x]')
    expect(text).toContain('Diese Mail kommt von Ada & Co.')
    expect(text).toContain('Abbestellen: https://example.com/u?a=1&b=2')
  })

  it('has the text of its template where there is one, with values as they are', () => {
    expect(render({ body_text: 'Hi {{name}}' }, { name: '<Ada>' }).text).toMatch(/^Hi <Ada>\n/)
  })

  it('shows nothing of what is no value of its own', () => {
    const { text } = render(
      { body_text: '[{{constructor}}{{a.b}}{{c}}{{a.length}}]' },
      { a: 'x', c: { d: 1 } },
    )
    expect(text).toMatch(/^\[\]/)
  })

  it('cuts a subject that is too long, and values that are', () => {
    const mail = render({ subject: '{{long}}', body_text: '{{long}}' }, { long: '😀'.repeat(5_000) })
    expect([...mail.subject]).toHaveLength(200)
    expect(mail.text.length).toBeLessThan(4_200)
  })

  it('leaves out "powered by" where the tenant does', () => {
    expect(render({}).text).toContain('Mit Tenantry')
    expect(render({}, {}, { ...look, is_powered_by_shown: false }).text).not.toContain('Tenantry')
  })

  it('never becomes other HTML by its values', () => {
    const shape = (html: string) => html.replace(/>[^<]*</g, '><')
    const empty = shape(render({ body_html: '<p title="{{v}}">{{v}}</p>' }, { v: '' }).html)
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (v) => {
        const { html } = render({ body_html: '<p title="{{v}}">{{v}}</p>' }, { v })
        expect(shape(html).replace(/<p title="[^"]*">/, '<p title="">')).toBe(empty)
      }),
    )
  })
})

it('the global templates can be rendered, in English, German and French, and have the same variables in each', async () => {
  const { rows } = await admin.query(
    `select slug, locale, subject, body_html, body_text, variables from public.email_templates
     where tenant_id = private.platform_tenant_id() order by slug, locale`,
  )
  expect(rows.map(({ slug, locale }) => `${slug} ${locale}`)).toEqual(
    [
      'conversation_escalated',
      'digest',
      'followup_day10',
      'followup_day3',
      'invitation',
      'new_lead',
      'notification',
      'participant_invitation',
      'phone_code',
      'registration_welcome',
      'welcome',
    ].flatMap((slug) => ['de', 'en', 'fr'].map((l) => `${slug} ${l}`)),
  )
  for (const row of rows) {
    const used = [...parseTemplate(row.subject), ...parseTemplate(row.body_html)].flatMap((piece) =>
      'name' in piece ? [piece.name] : [],
    )
    expect([...new Set(used)].sort(), row.slug).toEqual(
      row.variables.map(({ key }: { key: string }) => key).sort(),
    )
  }
})
