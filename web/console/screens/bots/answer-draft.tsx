import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { changeTrainingRow, type TrainingRow } from '../../api/bot-training.ts'
import { Button } from '../../parts/button.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import styles from './bots.module.css'
import { words } from './words/words.ts'

/** Answers a question that waits, where it stands. From then on it answers customers. */
export function AnswerDraft({ slug, bot, row }: { slug: string; bot: string; row: TrainingRow }) {
  const queries = useQueryClient()
  const form = useRef<HTMLFormElement>(null)
  const [answer, setAnswer] = useState('')
  const answering = useMutation({
    mutationFn: () => changeTrainingRow(slug, bot, row.ref_id, { answer, is_active: true }),
    onSuccess: () => {
      if (form.current?.contains(document.activeElement)) focusNext(form.current)
      return queries.invalidateQueries({ queryKey: [slug, 'bots', bot, 'training'] })
    },
  })
  const errors = errorsOf(answering.error, ['/answer'])
  return (
    <form
      ref={form}
      className={styles.draft}
      onSubmit={(event) => {
        event.preventDefault()
        if (!answering.isPending) answering.mutate()
      }}
    >
      <Field
        name="/answer"
        label={words.yourAnswer(row.question)}
        required
        maxLength={4_000}
        lines={2}
        value={answer}
        onValue={setAnswer}
        error={errors.at('/answer')}
      />
      {errors.rest && <Failure error={errors.rest} />}
      <Button type="submit" isIdle={answering.isPending}>
        {answering.isPending ? words.working : words.answerIt}
      </Button>
    </form>
  )
}

/** This form goes. Whoever works with keys goes on with the next question that waits, or with the list. */
function focusNext(form: HTMLFormElement): void {
  const waiting = [...document.querySelectorAll(`form.${styles.draft}`)]
  const at = waiting.indexOf(form)
  const next = (waiting[at + 1] ?? waiting[at - 1])?.querySelector('textarea')
  ;(next ?? document.getElementById('content'))?.focus()
}
