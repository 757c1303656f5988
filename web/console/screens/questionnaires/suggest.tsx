import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Column, partOf } from '../../api/framework-parts.ts'
import { type Read, suggestChange } from '../../api/frameworks.ts'
import { entitlementsQuery } from '../../api/projects.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { Diff } from '../../parts/diff.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { numberOf } from '../../parts/when.tsx'
import { type Edit, putAt } from './edit.tsx'
import { type Flat, placesSet } from './flat.ts'
import { labelOf } from './labels.ts'
import { words } from './words/words.ts'

interface Props {
  slug: string
  framework: string
  column: Column
  read: Read
  edit: Edit
}

/** Words that a language model proposes for one part. A person looks at them, and takes them into the draft or not. */
export function Suggest({ slug, framework, column, read, edit }: Props) {
  const { data: entitlements } = useQuery(entitlementsQuery(slug))
  const [instructions, setInstructions] = useState('')
  const asking = useMutation({ mutationFn: () => suggestChange(slug, framework, column, instructions) })
  const errors = errorsOf(asking.error, ['/instructions'])
  if (!entitlements?.features.some(({ feature, allowed }) => feature === 'ai_authoring' && allowed))
    return null
  const proposal = asking.data
  const places = proposal
    ? placesSet({ [column]: read.columns[column] }, proposal.patch).filter(
        ({ place, value }) =>
          value !== undefined && JSON.stringify(value) !== JSON.stringify(edit.at(place) ?? null),
      )
    : []
  const take = () => {
    let next: Flat = {}
    for (const { place, value } of places) next = { ...next, ...putAt(edit.now, place, value) }
    edit.setAll(next)
    asking.reset()
  }
  return (
    <CardForm
      title={`${words.suggest}: ${words.part[partOf[column]]}`}
      isPending={asking.isPending}
      onSubmit={asking.mutate}
    >
      <p>{words.suggestLead}</p>
      <Field
        name="/instructions"
        label={words.instructions}
        hint={words.suggestHint}
        lines={3}
        required
        maxLength={4_000}
        value={instructions}
        onValue={setInstructions}
        error={errors.at('/instructions')}
      />
      {errors.rest && <Failure error={errors.rest} />}
      <Buttons>
        <Button type="submit" look="quiet" isIdle={asking.isPending}>
          {asking.isPending ? words.working : words.propose}
        </Button>
      </Buttons>
      <div role="status">
        {asking.isPending && <p>{words.proposing}</p>}
        {proposal && (
          <>
            <p>
              {words.proposed(
                proposal.model,
                numberOf(proposal.calls.reduce((sum, { credits }) => sum + credits, 0)),
              )}
            </p>
            {proposal.version !== read.version && <p>{words.proposedOld}</p>}
            {proposal.version === read.version && places.length === 0 && <p>{words.proposedSame}</p>}
          </>
        )}
      </div>
      {proposal?.version === read.version && places.length > 0 && (
        <>
          <Diff
            label={words.suggest}
            changes={places.map(({ place, value }) => ({
              field: labelOf(place, read.drafted),
              before: edit.at(place),
              after: value,
            }))}
          />
          <Buttons>
            <Button onClick={take}>{words.take}</Button>
            <Button look="quiet" onClick={() => asking.reset()}>
              {words.leave}
            </Button>
          </Buttons>
        </>
      )}
    </CardForm>
  )
}
