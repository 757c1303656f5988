import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { type ModelSpend, setSpendCap, spendQuery } from '../../api/usage.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { Curl } from '../../parts/curl.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Facts } from '../../parts/facts.tsx'
import { Field } from '../../parts/field.tsx'
import { dollarsOf } from '../../parts/money.ts'
import { Failure } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { dayOf, numberOf } from '../../parts/when.tsx'
import { words } from './words/words.ts'

/** What calls of models cost this month, and the cap over which none is made. */
export function Spending({ slug, mayOwn }: { slug: string; mayOwn: boolean }) {
  const spend = useQuery(spendQuery(slug))
  const queries = useQueryClient()
  const [typed, setTyped] = useState<string>()
  const saving = useMutation({
    mutationFn: (cap: number | null) => setSpendCap(slug, cap),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: spendQuery(slug).queryKey })
      setTyped(undefined)
    },
  })
  if (!spend.data || isRefused(spend)) return <Pending queries={[spend]} />
  const { cap_micros, spent_micros, held_micros, left_micros, resets_at, unpriced_count, models } = spend.data
  const current = cap_micros === null ? '' : String(cap_micros / 1_000_000)
  const text = typed ?? current
  const cap = text.trim() === '' ? null : Math.round(Number(text.replace(',', '.')) * 1_000_000)
  const isNumber = cap === null || (Number.isSafeInteger(cap) && cap >= 0)
  const errors = errorsOf(saving.error, ['/cap_micros'])
  return (
    <CardForm
      title={words.spend}
      isPending={saving.isPending}
      onSubmit={() => isNumber && saving.mutate(cap)}
    >
      <Facts
        of={[
          [words.spent, dollarsOf(spent_micros)],
          [words.held, held_micros > 0 ? dollarsOf(held_micros) : null],
          [words.cap, cap_micros === null ? words.noCap : dollarsOf(cap_micros)],
          [words.left, left_micros === null ? null : dollarsOf(left_micros)],
          [words.resetsAt, dayOf(resets_at)],
          [words.unpriced, unpriced_count > 0 ? numberOf(unpriced_count) : null],
        ]}
      />
      {models.length > 0 && (
        <Facts
          of={models
            .slice(0, 10)
            .map(
              (each) => [`${each.provider} ${each.model}`, <Spent key="" slug={slug} of={each} />] as const,
            )}
        />
      )}
      {mayOwn ? (
        <>
          <Field
            name="/cap_micros"
            label={words.capLabel}
            hint={words.capHint}
            inputMode="decimal"
            maxLength={20}
            value={text}
            onValue={setTyped}
            error={errors.at('/cap_micros') ?? (isNumber ? undefined : words.capWrong)}
          />
          {errors.rest && <Failure error={errors.rest} />}
          <Buttons>
            <Button type="submit" disabled={!isNumber || cap === cap_micros || saving.isPending}>
              {saving.isPending ? words.working : words.save}
            </Button>
          </Buttons>
          {isNumber && cap !== cap_micros && (
            <Curl method="PUT" path="/usage/spend/cap" tenant={slug} body={{ cap_micros: cap }} />
          )}
        </>
      ) : (
        <p>{words.capByOwner}</p>
      )}
    </CardForm>
  )
}

/** The way to the calls that it is the sum of. */
function Spent({ slug, of: { kind, provider, model, spent_micros } }: { slug: string; of: ModelSpend }) {
  const sum = dollarsOf(spent_micros)
  return kind === 'llm' ? (
    <Link to="/t/$slug/usage/calls" params={{ slug }} search={{ model }} aria-label={`${sum} ${model}`}>
      {sum}
    </Link>
  ) : (
    <Link
      to="/t/$slug/usage/tool-calls"
      params={{ slug }}
      search={{ tool: provider }}
      aria-label={`${sum} ${provider}`}
    >
      {sum}
    </Link>
  )
}
