import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { addTrainingRow } from '../../api/bot-training.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { words } from './words/words.ts'

interface Props {
  slug: string
  bot: string
  /** What the bot had no answer to. */
  asked: string
  locale: string
}

/** Makes a row of training data of a question that would go to a person. Without an answer it waits for one. */
export function Learn({ slug, bot, asked, locale }: Props) {
  const queries = useQueryClient()
  // A message may be longer than a question.
  const [question, setQuestion] = useState(asked.slice(0, 1_000))
  const [answer, setAnswer] = useState('')
  const learning = useMutation({
    mutationFn: () => addTrainingRow(slug, bot, { question, answer: answer.trim() || null, locale }),
    onSettled: () => queries.invalidateQueries({ queryKey: [slug, 'bots', bot, 'training'] }),
  })
  const errors = errorsOf(learning.error, ['/question', '/answer'])
  return (
    <CardForm
      title={words.learnTitle}
      isPending={learning.isPending}
      // Once is enough.
      onSubmit={() => !learning.isSuccess && learning.mutate()}
    >
      <Field
        name="/question"
        label={words.question}
        required
        maxLength={1_000}
        lines={2}
        value={question}
        onValue={setQuestion}
        error={errors.at('/question')}
      />
      <Field
        name="/answer"
        label={words.answer}
        hint={words.answerHint}
        maxLength={4_000}
        lines={3}
        value={answer}
        onValue={setAnswer}
        error={errors.at('/answer')}
      />
      {errors.rest && <Failure error={errors.rest} />}
      <p role="status">{learning.data ? (learning.data.answer ? words.learned : words.learnedDraft) : ''}</p>
      {learning.data && (
        <Link to="/t/$slug/bots/$bot/training/$row" params={{ slug, bot, row: learning.data.ref_id }}>
          {learning.data.question}
        </Link>
      )}
      <Buttons>
        <Button type="submit" isIdle={learning.isPending || learning.isSuccess}>
          {learning.isPending ? words.working : words.teach}
        </Button>
      </Buttons>
    </CardForm>
  )
}
