import { words } from './words/words.ts'

export type Step =
  | 'email'
  | 'password'
  | 'code'
  | 'recovery'
  | 'new_password'
  | 'new_account'
  | 'confirmation'
  | 'company'

interface Shown {
  title: string
  lead: (email: string) => string
  button: string
  /** What is asked besides the address. */
  secret?: 'password' | 'code'
}

const signIn = { title: words.signIn, button: words.signIn }

export const steps: Record<Step, Shown> = {
  email: { ...signIn, lead: () => words.signInLead, button: words.next },
  password: { ...signIn, lead: () => words.signInLead, secret: 'password' },
  code: { ...signIn, lead: words.codeLead, secret: 'code' },
  recovery: { title: words.newPassword, lead: words.codeLead, button: words.next, secret: 'code' },
  new_password: {
    title: words.newPassword,
    lead: () => words.newPasswordLead,
    button: words.savePassword,
    secret: 'password',
  },
  new_account: {
    title: words.makeAccount,
    lead: () => words.newAccountLead,
    button: words.makeAccount,
    secret: 'password',
  },
  confirmation: {
    title: words.makeAccount,
    lead: words.confirmLead,
    button: words.next,
    secret: 'code',
  },
  company: { ...signIn, lead: () => words.ssoLead, button: words.ssoButton },
}

/** The codes of Auth that a person can do something about. */
export function sentenceOf(code: string): string {
  const sentences: Record<string, string> = {
    invalid_credentials: words.wrongPassword,
    otp_expired: words.wrongCode,
    email_not_confirmed: words.notConfirmed,
    over_request_rate_limit: words.tooMany,
    over_email_send_rate_limit: words.tooMany,
    sso_provider_not_found: words.ssoNotHere,
    saml_provider_disabled: words.ssoNotHere,
    weak_password: words.weakPassword,
    same_password: words.samePassword,
    offline: words.offline,
  }
  return sentences[code] ?? words.refused(code)
}
