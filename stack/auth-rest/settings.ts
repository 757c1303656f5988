import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'smol-toml'
import { z } from 'zod'
import { codeOf, messageOf, StackFailure } from '../failure.ts'
import { checkTemplate } from './mail/templates.ts'

/** What Auth mails, by the names of config.toml. */
export const templateNames = [
  'confirmation',
  'recovery',
  'magic_link',
  'invite',
  'email_change',
  'reauthentication',
] as const
export type TemplateName = (typeof templateNames)[number]

const Template = z.object({ subject: z.string(), content_path: z.string() })

/** The part of supabase/config.toml that Auth here follows, with the defaults of the supabase CLI. */
const Config = z.object({
  auth: z
    .object({
      enable_signup: z.boolean().default(true),
      minimum_password_length: z.number().int().min(6).default(6),
      email: z
        .object({
          enabled: z.boolean().default(true),
          max_frequency: z
            .string()
            .regex(/^(\d+h)?(\d+m)?(\d+s)?$/, 'is a duration such as 1m0s')
            .default('1s'),
          otp_length: z.number().int().min(6).max(10).default(6),
          otp_expiry: z.number().int().positive().default(3600),
          smtp: z.object({ admin_email: z.string(), sender_name: z.string() }).partial().default({}),
          template: z.partialRecord(z.enum(templateNames), Template).default({}),
        })
        .prefault({}),
      mfa: z
        .object({
          totp: z
            .object({
              enroll_enabled: z.boolean().default(false),
              verify_enabled: z.boolean().default(false),
            })
            .prefault({}),
        })
        .prefault({}),
    })
    .prefault({}),
})

export interface AuthSettings {
  signUp: boolean
  passwordLength: number
  emailSignUp: boolean
  secondsBetweenMails: number
  codeLength: number
  codeSeconds: number
  /** Whether apps that show codes can be set up, and whether their codes count. */
  totp: { enrol: boolean; verify: boolean }
  sender: { name: string; address: string }
  /** The path of each template's HTML is absolute. */
  templates: Partial<Record<TemplateName, { subject: string; path: string }>>
}

/** Reads the settings of Auth, and refuses a template that would fail when it is sent. */
export async function readAuthSettings(root: string): Promise<AuthSettings> {
  const path = join(root, 'supabase/config.toml')
  let config: z.infer<typeof Config>
  try {
    const text = await readFile(path, 'utf8').catch((error) => {
      if (codeOf(error) === 'ENOENT') return ''
      throw error
    })
    config = Config.parse(parse(text))
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : null
    const reason = issue ? `${issue.path.join('.')}: ${issue.message}` : messageOf(error).split('\n', 1)[0]
    throw new StackFailure(`${path} cannot be used (${reason}): correct it and start again.`)
  }
  const { email, ...auth } = config.auth
  const templates: AuthSettings['templates'] = {}
  for (const [name, { subject, content_path }] of Object.entries(email.template)) {
    templates[name as TemplateName] = { subject, path: await findTemplate(root, name, subject, content_path) }
  }
  return {
    signUp: auth.enable_signup,
    passwordLength: auth.minimum_password_length,
    emailSignUp: email.enabled,
    secondsBetweenMails: readDuration(email.max_frequency),
    codeLength: email.otp_length,
    codeSeconds: email.otp_expiry,
    totp: { enrol: auth.mfa.totp.enroll_enabled, verify: auth.mfa.totp.verify_enabled },
    sender: {
      name: email.smtp.sender_name ?? 'Tenantry',
      address: email.smtp.admin_email ?? 'no-reply@mail.localhost',
    },
    templates,
  }
}

/** As Go writes durations: 1h30m0s. */
function readDuration(text: string): number {
  const [, hours, minutes, seconds] = text.match(/^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/) ?? []
  return Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)
}

async function findTemplate(
  root: string,
  name: string,
  subject: string,
  contentPath: string,
): Promise<string> {
  // From the project's folder, as the CLI reads it.
  const path = join(root, contentPath)
  try {
    checkTemplate(subject)
    checkTemplate(await readFile(path, 'utf8'))
  } catch (error) {
    const reason = codeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error)
    throw new StackFailure(
      `The mail template "${name}" (${contentPath}) cannot be used (${reason}): correct it and start again.`,
    )
  }
  return path
}
