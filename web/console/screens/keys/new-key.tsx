import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type ApiKeyWithSecret, makeApiKey, scopesQuery } from '../../api/api-keys.ts'
import { Button } from '../../parts/button.tsx'
import { CardForm } from '../../parts/card.tsx'
import { Check, toggled } from '../../parts/choice.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { words } from './words/words.ts'

/** A key can do what its scopes say, and nothing else. */
export function NewKey({ slug, onMade }: { slug: string; onMade: (made: ApiKeyWithSecret) => void }) {
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
  const errors = errorsOf(making.error, ['/name'])

  return (
    <CardForm title={words.newKey} isPending={making.isPending} onSubmit={making.mutate}>
      <Field
        name="/name"
        label={words.keyName}
        hint={words.keyNameHint}
        required
        maxLength={100}
        value={name}
        onValue={setName}
        error={errors.at('/name')}
      />
      <fieldset>
        <legend>{words.scopes}</legend>
        {scopes.map(({ scope, description }) => (
          <Check
            key={scope}
            isChecked={chosen.has(scope)}
            onChecked={(isIn) => setChosen((before) => toggled(before, scope, isIn))}
            label={
              <>
                <code>{scope}</code> <span lang="en">{description}</span>
              </>
            }
          />
        ))}
      </fieldset>
      {errors.rest && <Failure error={errors.rest} />}
      <Button type="submit" disabled={chosen.size === 0 || making.isPending}>
        {making.isPending ? words.working : words.makeKey}
      </Button>
    </CardForm>
  )
}
