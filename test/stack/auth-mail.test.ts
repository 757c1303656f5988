import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import {
  checkTemplate,
  renderHtml,
  renderLine,
  type Variables,
} from '../../stack/auth-rest/mail/templates.ts'
import { anonClient } from '../kit/clients.ts'
import { mailTo } from '../kit/mailbox.ts'
import { signUpPerson } from '../kit/sign-up.ts'
import { type BootedStack, bootStack, makeTempDir, runStack } from '../kit/stack.ts'
import { makeProject } from './project.ts'

const folders: string[] = []
const keep = async (folder: Promise<string>) => {
  folders.push(await folder)
  return folder
}
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

const variables: Variables = {
  ConfirmationURL: '',
  Token: '123456',
  TokenHash: 'abc',
  SiteURL: 'http://127.0.0.1:54321',
  Email: '"><img/src=x>@example.com',
  NewEmail: "a'b+c&d@example.com",
  RedirectTo: '{{ .Token }}',
}

describe('a template', () => {
  it('is filled in, and what is filled in is no markup', () => {
    expect(renderHtml('<p title="{{ .Email }}">{{.NewEmail}} {{- .Token -}}</p>', variables)).toBe(
      '<p title="&#34;&#62;&#60;img/src=x&#62;@example.com">a&#39;b&#43;c&#38;d@example.com 123456</p>',
    )
  })
  it('is filled in once: a value is not a template', () => {
    expect(renderHtml('{{ .RedirectTo }}', variables)).toBe('{{ .Token }}')
  })
  it('for a subject is one line', () => {
    expect(renderLine('Code {{ .Token }}\r\nBcc: x', variables)).toBe('Code 123456 Bcc: x')
  })
  it.each([
    '{{ .Data.name }}',
    '{{ if .Token }}x{{ end }}',
    '{{ Token }}',
    '{{ .token }}',
    '{{}}',
    'x {{ .Token',
  ])('with %s is refused', (template) => {
    expect(() => checkTemplate(template)).toThrow(/it has/)
  })
})

describe('settings that cannot be used stop the start before anything is made', () => {
  const template = (name: string, path: string) =>
    `[auth.email.template.${name}]\nsubject = "x"\ncontent_path = "${path}"\n`
  it.each([
    ['no TOML', '[auth', /config\.toml cannot be used \(.+\): correct it/],
    ['a short code', '[auth.email]\notp_length = 4', /\(auth\.email\.otp_length: /],
    ['a moment that is none', '[auth.email]\nmax_frequency = "soon"', /is a duration such as 1m0s/],
    ['a template of nothing', template('welcome', 'x.html'), /auth\.email\.template/],
    [
      'a template that is missing',
      template('recovery', './supabase/none.html'),
      /"recovery" .+\(there is no such file\)/,
    ],
    [
      'a template with more',
      template('recovery', './supabase/rich.html'),
      /it has \{\{ if \.Token \}\}, and only plain/,
    ],
  ])('%s', async (_what, config, expected) => {
    const root = await keep(
      makeProject({ 'supabase/config.toml': config, 'supabase/rich.html': '{{ if .Token }}x{{ end }}' }),
    )
    const folder = await keep(makeTempDir())
    const start = ['start', '--port', '0', '--data', join(folder, 'data'), '--root', root]
    const { code, stderr } = await runStack(start)
    expect([code, await readdir(folder)]).toEqual([1, []])
    expect(stderr.trim().split('\n').at(-1)).toMatch(expected)
    expect(stderr).not.toMatch(/\n\s+at /)
  })
})

describe('a data folder of a stack that wrote its mails to a file', () => {
  let dataDir: string
  let root: string
  let stack: BootedStack
  beforeAll(async () => {
    dataDir = join(await keep(makeTempDir()), 'data')
    root = await keep(makeProject({}))
    await (await bootStack({ dataDir, root })).stop()
    await writeFile(
      join(dataDir, 'mail.jsonl'),
      '{"to":"old@example.com","subject":"old","text":"old"}\nbroken',
    )
    await mkdir(join(dataDir, 'mail'), { recursive: true })
    stack = await bootStack({ dataDir, root })
  })
  afterAll(() => stack.stop())

  it('sends real ones from now on, without templates too, and they are there after a restart', async () => {
    const email = `${randomUUID()}@example.com`
    await anonClient(stack.access).auth.signUp({ email, password: randomUUID() })
    const [mail] = await mailTo(email, stack.access)
    expect(mail).toMatchObject({ subject: 'Your code', codes: [expect.stringMatching(/^\d{6}$/)] })
    expect(await mailTo('old@example.com', stack.access)).toEqual([])
    await stack.stop()
    stack = await bootStack({ dataDir, root })
    expect((await mailTo(email, stack.access))[0]).toEqual(mail)
  })

  it('says where the mailbox is', async () => {
    const { stdout } = await runStack(['status', '--data', dataDir])
    expect(stdout).toContain(`Mailbox          ${stack.access.mail_url}`)
    expect(stdout).toContain(`SMTP on port ${stack.access.smtp_port}`)
  })
})

it('what asks for a code once more is mailed as its template says', async () => {
  const { email, client } = await signUpPerson()
  expect((await client.auth.reauthenticate()).error).toBeNull()
  const mail = (await mailTo(email, inject('stack'))).at(-1)!
  expect([mail.subject, mail.links]).toEqual([`Your code: ${mail.codes[0]}`, []])
})

describe('docs/sign-in.md says where Auth here differs from a hosted one, and it does', () => {
  it('a sign-in mail confirms an address that waits for it', async () => {
    const email = `${randomUUID()}@example.com`
    await anonClient().auth.signUp({ email, password: randomUUID() })
    await anonClient().auth.signInWithOtp({ email })
    const mails = await mailTo(email)
    expect(mails.map(({ subject }) => subject)).toEqual(['Confirm your address', 'Your sign-in'])
    const [signUp] = mails[0]!.codes
    const verified = await anonClient().auth.verifyOtp({ type: 'email', email, token: signUp! })
    expect(verified.data.session?.user.email).toBe(email)
  })
  it('a second sign-up with an address is 429, and two mails within a minute are sent', async () => {
    const { email } = await signUpPerson()
    const again = await anonClient().auth.signUp({ email, password: randomUUID() })
    expect(again.error?.status).toBe(429)
    for (const _ of [1, 2]) await anonClient().auth.resetPasswordForEmail(email)
    expect(await mailTo(email)).toHaveLength(3)
  })
  it('no number of wrong codes closes the door', async () => {
    const email = `${randomUUID()}@example.com`
    await anonClient().auth.signUp({ email, password: randomUUID() })
    const [code] = (await mailTo(email))[0]!.codes
    for (let at = 0; at < 32; at++) {
      const token = String(at).padStart(6, '0')
      if (token === code) continue
      const { error } = await anonClient().auth.verifyOtp({ type: 'email', email, token })
      expect(error?.code).toBe('otp_expired')
    }
    expect((await anonClient().auth.verifyOtp({ type: 'email', email, token: code! })).error).toBeNull()
  })
})
