import { type FormEvent, useEffect, useRef, useState } from 'react'
import { platform } from '../api/client.ts'
import { auth, codeOfRefusal } from '../api/session.ts'
import { words } from '../app/words/words.ts'
import { Button } from '../parts/button.tsx'
import styles from './sign-in.module.css'

type Step = 'email' | 'password' | 'code' | 'company'

/** The address first, because it decides how its owner signs in. */
export default function SignIn() {
  const [step, setStep] = useState<Step>('email')
  const [email, setEmail] = useState('')
  const [isWorking, setWorking] = useState(false)
  const [refusal, setRefusal] = useState('')
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${words.signIn} – Tenantry`
  }, [])

  /** One act at a time. What it refuses is told, and everything typed stays. */
  async function act(work: () => Promise<void>) {
    if (isWorking) return
    setWorking(true)
    setRefusal('')
    try {
      await work()
    } catch (error) {
      setRefusal(sentenceOf(codeOfRefusal(error)))
    } finally {
      setWorking(false)
    }
  }

  function go(to: Step) {
    setRefusal('')
    setStep(to)
    heading.current?.focus()
  }

  const askHow = () =>
    act(async () => {
      const { data } = await platform.POST('/registry/sign-in-options', { body: { email } })
      go(data.method === 'password' ? 'password' : 'company')
    })
  const sendCode = () =>
    act(async () => {
      // Says the same whether there is such an account or not.
      const { error } = await auth.signInWithOtp({ email, options: { shouldCreateUser: false } })
      if (error && error.code !== 'otp_disabled') throw error
      go('code')
    })

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const given = String(new FormData(event.currentTarget).get('secret') ?? '').trim()
    if (step === 'email') return void askHow()
    void act(async () => {
      const { error } =
        step === 'password'
          ? await auth.signInWithPassword({ email, password: given })
          : step === 'code'
            ? await auth.verifyOtp({ email, token: given, type: 'email' })
            : await auth.signInWithSSO({ domain: email.slice(email.lastIndexOf('@') + 1) })
      if (error) throw error
    })
  }

  return (
    <main className={styles.page}>
      <form className={styles.form} onSubmit={submit}>
        <h1 ref={heading} tabIndex={-1}>
          {words.signIn}
        </h1>
        <p className={styles.lead}>{leadOf(step, email)}</p>
        {step === 'email' ? (
          <label className={styles.field}>
            {words.email}
            <input
              type="email"
              name="email"
              autoComplete="username"
              required
              maxLength={254}
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
          </label>
        ) : (
          <p>
            {/* For password managers, which look for both in one form. */}
            <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
            <strong>{email}</strong>{' '}
            <Button look="link" onClick={() => go('email')}>
              {words.otherEmail}
            </Button>
          </p>
        )}
        {step === 'password' && (
          <label className={styles.field}>
            {words.password}
            <input
              key="password"
              type="password"
              name="secret"
              autoComplete="current-password"
              required
              maxLength={72}
            />
          </label>
        )}
        {step === 'code' && (
          <label className={styles.field}>
            {words.code}
            <input
              key="code"
              name="secret"
              inputMode="numeric"
              autoComplete="one-time-code"
              pattern="\s*[0-9]{6,10}\s*"
              required
            />
          </label>
        )}
        <p role="alert" className={styles.refusal}>
          {refusal}
        </p>
        <Button type="submit" disabled={isWorking}>
          {isWorking ? words.working : buttonOf(step)}
        </Button>
        {step === 'password' && (
          <Button look="quiet" disabled={isWorking} onClick={() => void sendCode()}>
            {words.sendCode}
          </Button>
        )}
        {step === 'code' && (
          <Button look="quiet" onClick={() => go('password')}>
            {words.usePassword}
          </Button>
        )}
      </form>
    </main>
  )
}

function leadOf(step: Step, email: string): string {
  if (step === 'code') return words.codeLead(email)
  return step === 'company' ? words.ssoLead : words.signInLead
}

function buttonOf(step: Step): string {
  if (step === 'email') return words.next
  return step === 'company' ? words.ssoButton : words.signIn
}

/** The codes of Auth that a person can do something about. */
function sentenceOf(code: string): string {
  const sentences: Record<string, string> = {
    invalid_credentials: words.wrongPassword,
    otp_expired: words.wrongCode,
    email_not_confirmed: words.notConfirmed,
    over_request_rate_limit: words.tooMany,
    over_email_send_rate_limit: words.tooMany,
    sso_provider_not_found: words.ssoNotHere,
    saml_provider_disabled: words.ssoNotHere,
    offline: words.offline,
  }
  return sentences[code] ?? words.refused(code)
}
