import { AsyncLocalStorage } from 'node:async_hooks'
import { readFile } from 'node:fs/promises'
import type { EmailDriver, EmailMessage } from '@supabase/lite'
import { createTransport } from 'nodemailer'
import type { AuthSettings, TemplateName } from '../settings.ts'
import { renderHtml, renderLine, type Variables, variableNames } from './templates.ts'

export interface AuthMailer extends EmailDriver {
  /** What lite's configuration must have as the subject of a template. */
  subjectOf(template: TemplateName): string
  post(to: string, template: TemplateName, variables: Variables): Promise<void>
  /** Runs a request, and gives the changes of addresses whose mail to the old address it sent. */
  watch<T>(request: () => Promise<T>): Promise<{ answer: T; changes: Variables[] }>
}

/**
 * Sends Auth's mails to the stack's mail server. lite would render templates without escaping what it fills in, and
 * leave unknown variables as they are. So its subject only carries the template's name and the values here. Like a
 * hosted project's, the mails are HTML alone.
 */
export function authMailer(smtpPort: number, { sender, templates }: AuthSettings): AuthMailer {
  const transport = createTransport({ host: '127.0.0.1', port: smtpPort, secure: false, ignoreTLS: true })
  const watched = new AsyncLocalStorage<Variables[]>()

  async function post(to: string, name: TemplateName, variables: Variables): Promise<void> {
    const template = templates[name]
    const html = template ? await readFile(template.path, 'utf8') : plainTemplate
    await transport.sendMail({
      from: sender,
      // As an object: in a string a comma would end the address, and begin another.
      to: { name: '', address: to },
      envelope: { from: sender.address, to: [to] },
      subject: renderLine(template?.subject ?? 'Your code', variables),
      html: renderHtml(html, variables),
    })
  }

  return {
    post,
    subjectOf: (name) =>
      [name, ...variableNames.map((variable) => `${variable}={{ .${variable} }}`)].join('\n'),
    async send(message) {
      const { name, variables } = readCarried(message)
      await post(message.to, name, variables)
      if (name === 'email_change' && variables.Email !== variables.NewEmail)
        watched.getStore()?.push(variables)
    },
    async watch(request) {
      const changes: Variables[] = []
      return { answer: await watched.run(changes, request), changes }
    },
  }
}

/** For a project that has no templates. */
const plainTemplate = '<p>Your code is {{ .Token }}.</p>'

function readCarried({ to, subject, text = '' }: EmailMessage): { name: TemplateName; variables: Variables } {
  const variables = Object.fromEntries(variableNames.map((name) => [name, ''])) as Variables
  const [name, ...lines] = subject.split('\n')
  // lite has no setting for the subject of this one. Its text ends with the code.
  if (lines.length === 0) {
    const code = text.match(/\d{6,10}$/)?.[0] ?? ''
    return { name: 'reauthentication', variables: { ...variables, Token: code, Email: to } }
  }
  for (const line of lines) {
    const at = line.indexOf('=')
    variables[line.slice(0, at) as keyof Variables] = line.slice(at + 1)
  }
  return { name: name as TemplateName, variables }
}
