import { Form } from '@base-ui/react/form'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Problem } from '../../../../lib/client/index.ts'
import { type ApiKeyWithSecret, makeApiKey, scopesQuery } from '../../api/api-keys.ts'
import { useWords } from '../../app/words/words.ts'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import styles from './keys.module.css'

/** A key can do what its scopes say, and nothing else. */
export function NewKey({ slug, onMade }: { slug: string; onMade: (made: ApiKeyWithSecret) => void }) {
  const words = useWords()
  const { data: scopes = [] } = useQuery(scopesQuery)
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const making = useMutation({
    mutationFn: () => makeApiKey(slug, { name, scopes: [...chosen].sort() }),
    onSuccess: (made) => {
      setName('')
      setChosen(new Set())
      onMade(made)
    },
  })
  const errors = making.error instanceof Problem ? making.error.errors : []
  const nameError = errors.find(({ pointer }) => pointer === '/name')?.detail

  return (
    <Form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (!making.isPending) making.mutate()
      }}
    >
      <h2>{words.newKey}</h2>
      <Field
        name="/name"
        label={words.keyName}
        hint={words.keyNameHint}
        required
        maxLength={100}
        value={name}
        onValue={setName}
        error={nameError}
      />
      <fieldset className={styles.scopes}>
        <legend>{words.scopes}</legend>
        {scopes.map(({ scope, description }) => (
          <label key={scope}>
            <input
              type="checkbox"
              checked={chosen.has(scope)}
              onChange={(event) =>
                setChosen((before) => {
                  const next = new Set(before)
                  if (event.target.checked) next.add(scope)
                  else next.delete(scope)
                  return next
                })
              }
            />
            <span>
              <code>{scope}</code> <span lang="en">{description}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {making.error && !nameError && <Failure error={making.error} />}
      <Button type="submit" disabled={chosen.size === 0 || making.isPending}>
        {making.isPending ? words.working : words.makeKey}
      </Button>
    </Form>
  )
}
