import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { beginFactor, type Factor, factorsQuery, showCode } from '../../api/second-factor.ts'
import { codeOfRefusal } from '../../api/session.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { Field } from '../../parts/field.tsx'
import { Copy } from '../../parts/secret.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import styles from './account.module.css'
import { words } from './words/words.ts'

/** The codes of Auth that a person can do something about. */
export function sentenceOf(error: unknown): string {
  const code = codeOfRefusal(error)
  const sentences: Record<string, string> = {
    mfa_verification_failed: words.factorCodeWrong,
    mfa_verification_rejected: words.factorCodeWrong,
    mfa_challenge_expired: words.factorCodeWrong,
    insufficient_aal: words.factorFirst,
    mfa_totp_enroll_not_enabled: words.factorsOff,
    mfa_totp_verify_not_enabled: words.factorsOff,
    over_request_rate_limit: words.tooManyTries,
    offline: words.offline,
  }
  return sentences[code] ?? words.refused(code)
}

/** Asks for a second factor where something needs one: the code of the app, or first to set one up. */
export function StepUp({ onDone }: { onDone: () => void }) {
  const factors = useQuery(factorsQuery)
  if (!factors.data || isRefused(factors)) return <Pending queries={[factors]} />
  const verified = factors.data.filter(({ isVerified }) => isVerified)
  return verified.length > 0 ? (
    <CodeForm title={words.factorTitle} lead={words.factorLead} factors={verified} onDone={onDone} />
  ) : (
    <NewFactorForm lead={words.factorNeeded} onDone={onDone} />
  )
}

/** Sets up an app: what it has to know, and then the code that it shows. */
export function NewFactorForm({ lead, onDone }: { lead: string; onDone: () => void }) {
  const factors = useQuery(factorsQuery)
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const beginning = useMutation({ mutationFn: () => beginFactor(name.trim(), factors.data ?? []) })
  const done = () => {
    beginning.reset()
    setName('')
    void queries.invalidateQueries({ queryKey: factorsQuery.queryKey })
    onDone()
  }
  const begun = beginning.data
  if (begun)
    return (
      <CodeForm
        title={words.newFactor}
        lead={words.newFactorLead}
        factors={[{ id: begun.id, name, isVerified: false }]}
        onDone={done}
      >
        {begun.picture && (
          <img className={styles.picture} src={begun.picture} width={200} height={200} alt={words.picture} />
        )}
        <p>
          {words.secret} <code className={styles.secret}>{begun.secret}</code>
        </p>
        <Buttons>
          <Copy text={begun.secret} />
        </Buttons>
      </CodeForm>
    )
  return (
    <CardForm title={words.newFactor} isPending={beginning.isPending} onSubmit={beginning.mutate}>
      <p>{lead}</p>
      <Field
        name="/name"
        label={words.factorName}
        hint={words.factorNameHint}
        required
        maxLength={60}
        value={name}
        onValue={setName}
      />
      <p role="alert">{beginning.error ? sentenceOf(beginning.error) : ''}</p>
      <Button type="submit" disabled={beginning.isPending || !factors.data}>
        {beginning.isPending ? words.working : words.begin}
      </Button>
    </CardForm>
  )
}

interface CodeProps {
  title: string
  lead: string
  factors: Factor[]
  onDone: () => void
  children?: React.ReactNode
}

function CodeForm({ title, lead, factors, onDone, children }: CodeProps) {
  const [code, setCode] = useState('')
  const [chosen, setChosen] = useState(factors[0]?.id ?? '')
  const showing = useMutation({ mutationFn: () => showCode(chosen, code), onSuccess: onDone })
  return (
    <CardForm title={title} isPending={showing.isPending} onSubmit={showing.mutate}>
      <p>{lead}</p>
      {children}
      {factors.length > 1 && (
        <fieldset>
          <legend>{words.whichApp}</legend>
          {factors.map(({ id, name }) => (
            <label key={id} className={styles.choice}>
              <input type="radio" name="factor" checked={id === chosen} onChange={() => setChosen(id)} />{' '}
              {name}
            </label>
          ))}
        </fieldset>
      )}
      <Field
        name="/code"
        label={words.appCode}
        required
        inputMode="numeric"
        autoComplete="one-time-code"
        pattern="\s*[0-9]{6}\s*"
        value={code}
        onValue={setCode}
      />
      <p role="alert">{showing.error ? sentenceOf(showing.error) : ''}</p>
      <Button type="submit" disabled={showing.isPending}>
        {showing.isPending ? words.working : words.next}
      </Button>
    </CardForm>
  )
}
