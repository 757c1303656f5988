import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readAuthSettings, templateNames } from '../../stack/auth-rest/settings.ts'
import { project } from './deploy-functions.ts'
import { pushAuthConfig } from './push-config.ts'

let pushed: Record<string, unknown>
let said: string
beforeAll(async () => {
  const run = await pushAuthConfig()
  said = run.said
  pushed = run.pushed ?? {}
})

describe('supabase config push', () => {
  it('has a hosted project ask for confirmations, of both mailboxes for a change, and for long passwords', () => {
    expect(pushed).toMatchObject({
      disable_signup: false,
      external_email_enabled: true,
      external_anonymous_users_enabled: false,
      mailer_autoconfirm: false,
      mailer_secure_email_change_enabled: true,
      password_min_length: 10,
    })
    expect(said).not.toContain('deprecated')
  })

  it('has codes of six digits that are good for an hour, and stops those who try them out', () => {
    expect(pushed).toMatchObject({
      mailer_otp_length: 6,
      mailer_otp_exp: 3600,
      smtp_max_frequency: 60,
      rate_limit_verify: 30,
    })
  })

  it.each(templateNames)('carries the template %s that the embedded stack sends', async (name) => {
    const { templates } = await readAuthSettings(project)
    expect(pushed[`mailer_subjects_${name}`]).toBe(templates[name]!.subject)
    const html = readFileSync(join(project, `supabase/templates/${name}.html`), 'utf8')
    expect(pushed[`mailer_templates_${name}_content`]).toBe(html)
  })
})

describe('a template', () => {
  const types = {
    confirmation: 'signup',
    recovery: 'recovery',
    magic_link: 'magiclink',
    invite: 'invite',
    email_change: 'email_change',
  }
  const html = (name: string) => readFileSync(join(project, `supabase/templates/${name}.html`), 'utf8')

  it.each(Object.entries(types))(
    'of %s has the code, and a link that uses nothing up when it is followed',
    (name, type) => {
      const links = [...html(name).matchAll(/href="([^"]*)"/g)].map(([, href]) => href)
      expect(links).toEqual([`{{ .SiteURL }}/confirm/#type=${type}&amp;token_hash={{ .TokenHash }}`])
      expect(html(name)).toContain('>{{ .Token }}<')
      expect(html(name)).not.toContain('ConfirmationURL')
    },
  )
  it.each(templateNames)('of %s fetches nothing and runs nothing', (name) => {
    expect(html(name)).not.toMatch(/<(img|script|link|iframe|object|form)\b|url\(|https?:/i)
  })
  it('of a code that is asked for has no link at all', () => {
    expect(html('reauthentication')).not.toContain('href')
    expect(html('reauthentication')).toContain('>{{ .Token }}<')
  })
})
