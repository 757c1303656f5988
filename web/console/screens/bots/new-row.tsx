import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { addTrainingRow, type NewTrainingRow } from '../../api/bot-training.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { Curl } from '../../parts/curl.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Failure } from '../../parts/notice.tsx'
import { newRow, RowFieldset, rowBody, rowPointers } from './row-fields.tsx'
import { words } from './words/words.ts'

interface Props {
  slug: string
  bot: string
  /** Of the tenant. */
  locale: string
}

/** Another question. The form stays for the next one. */
export function NewRow({ slug, bot, locale }: Props) {
  const queries = useQueryClient()
  const [now, setNow] = useState(newRow(locale))
  const { is_active, ...rest } = rowBody(now)
  // Whether it is active goes by its answer, unless somebody says no.
  const body = { ...rest, ...(is_active === false && { is_active }) } as NewTrainingRow
  const adding = useMutation({
    mutationFn: () => addTrainingRow(slug, bot, body),
    onSuccess: () => setNow((before) => ({ ...before, question: '', answer: '' })),
    onSettled: () => queries.invalidateQueries({ queryKey: [slug, 'bots', bot, 'training'] }),
  })
  const errors = errorsOf(adding.error, rowPointers)
  return (
    <CardForm title={words.newRow} isPending={adding.isPending} onSubmit={adding.mutate}>
      <RowFieldset
        now={now}
        isDisabled={false}
        errorAt={errors.at}
        onSet={(change) => {
          if (!adding.isIdle && !adding.isPending) adding.reset()
          setNow((before) => ({ ...before, ...change }))
        }}
      />
      {errors.rest && <Failure error={errors.rest} />}
      <p role="status">{adding.data ? (adding.data.answer ? words.learned : words.learnedDraft) : ''}</p>
      <Buttons>
        <Button type="submit" isIdle={adding.isPending}>
          {adding.isPending ? words.working : words.teach}
        </Button>
      </Buttons>
      {now.question && (
        <Curl method="POST" path={`/bots/bots/${bot}/training-data`} tenant={slug} body={body} />
      )}
    </CardForm>
  )
}
