import { type FormEvent, useEffect, useRef, useState } from 'react'
import { platform } from '../../api/client.ts'
import { auth, codeOfRefusal } from '../../api/session.ts'
import { invitation } from '../../app/arrival.ts'
import { Button } from '../../parts/button.tsx'
import styles from './sign-in.module.css'
import { type Step, sentenceOf, steps } from './steps.ts'
import { words } from './words/words.ts'

/** The address first, because it decides how its owner signs in. */
export default function SignIn() {
  const [step, setStep] = useState<Step>('email')
  const [email, setEmail] = useState('')
  const [isWorking, setWorking] = useState(false)
  const [refusal, setRefusal] = useState('')
  const heading = useRef<HTMLHeadingElement>(null)
  const { title, lead, button, secret } = steps[step]
  useEffect(() => {
    document.title = `${title} – Tenantry`
  }, [title])

  /** One act at a time. What it refuses is told, and everything typed stays. */
  async function act(work: () => Promise<{ error: Error | null } | undefined>, next?: Step) {
    if (isWorking) return
    setWorking(true)
    setRefusal('')
    try {
      const answer = await work()
      if (answer?.error) throw answer.error
      if (next) go(next)
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

  /** Says the same whether there is such an account or not. */
  const sendCode = () =>
    act(async () => {
      const answer = await auth.signInWithOtp({ email, options: { shouldCreateUser: false } })
      return answer.error?.code === 'otp_disabled' ? undefined : answer
    }, 'code')
  const sendRecovery = () => act(() => auth.resetPasswordForEmail(email), 'recovery')

  /** What each step sends. A session that comes of it ends this screen. */
  const send: Record<Step, (given: string) => Promise<void>> = {
    email: () =>
      act(async () => {
        const { data } = await platform.POST('/registry/sign-in-options', { body: { email } })
        go(data.method === 'password' ? 'password' : 'company')
        return undefined
      }),
    password: (password) => act(() => auth.signInWithPassword({ email, password })),
    code: (token) => act(() => auth.verifyOtp({ email, token, type: 'email' })),
    recovery: (token) => act(() => auth.verifyOtp({ email, token, type: 'recovery' }), 'new_password'),
    new_password: (password) => act(() => auth.updateUser({ password })),
    new_account: (password) =>
      act(async () => {
        const answer = await auth.signUp({ email, password })
        // What a project that tells it would say of an address with an account, and what it says a moment after a mail.
        const isKnown = ['user_already_exists', 'over_email_send_rate_limit'].includes(
          answer.error?.code ?? '',
        )
        return isKnown ? undefined : answer
      }, 'confirmation'),
    confirmation: (token) => act(() => auth.verifyOtp({ email, token, type: 'email' })),
    company: () => act(() => auth.signInWithSSO({ domain: email.slice(email.lastIndexOf('@') + 1) })),
  }

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const given = String(new FormData(event.currentTarget).get('secret') ?? '')
    void send[step](secret === 'code' ? given.trim() : given)
  }

  const hasAddressField = step === 'email' || step === 'new_account'
  const other = (label: string, onClick: () => void) => (
    <Button look="quiet" disabled={isWorking} onClick={onClick}>
      {label}
    </Button>
  )
  return (
    <main className={styles.page}>
      <form className={styles.form} onSubmit={submit}>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <p className={styles.lead}>
          {step === 'email' && invitation.read() ? words.invitedLead : lead(email)}
        </p>
        {hasAddressField ? (
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
            {step !== 'new_password' && (
              <Button look="link" onClick={() => go('email')}>
                {words.otherEmail}
              </Button>
            )}
          </p>
        )}
        {secret === 'password' && (
          <label className={styles.field}>
            {words.password}
            <input
              key={step}
              type="password"
              name="secret"
              autoComplete={step === 'password' ? 'current-password' : 'new-password'}
              required
              {...(step !== 'password' && { minLength: 10, 'aria-describedby': 'rule' })}
              maxLength={72}
            />
          </label>
        )}
        {secret === 'password' && step !== 'password' && <p id="rule">{words.passwordRule}</p>}
        {secret === 'code' && (
          <label className={styles.field}>
            {words.code}
            <input
              key={step}
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
          {isWorking ? words.working : button}
        </Button>
        {step === 'email' && other(words.makeAccount, () => go('new_account'))}
        {step === 'new_account' && other(words.haveAccount, () => go('email'))}
        {step === 'password' && other(words.sendCode, () => void sendCode())}
        {step === 'password' && other(words.forgot, () => void sendRecovery())}
        {(step === 'code' || step === 'confirmation') && other(words.usePassword, () => go('password'))}
      </form>
    </main>
  )
}
