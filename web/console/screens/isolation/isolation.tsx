import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { type Question, relationQuestions, routeQuestions } from '../../api/isolation.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { Field } from '../../parts/field.tsx'
import { List, Quiet, Row } from '../../parts/list.tsx'
import { Banner, Failure } from '../../parts/notice.tsx'
import { Screen } from '../../parts/screen.tsx'
import styles from './isolation.module.css'
import { words } from './words/words.ts'

interface Answered extends Omit<Question, 'ask'> {
  outcome: Awaited<ReturnType<Question['ask']>>
}

const atOnce = 4

/** Asks the platform for what belongs to others, as the person who is signed in, and shows what it gives. */
export function Isolation() {
  return (
    <Screen title={words.isolation} lead={words.isolationLead}>
      {({ slug }) => <Asking key={slug} />}
    </Screen>
  )
}

function Asking() {
  const [handle, setHandle] = useState('')
  const [progress, setProgress] = useState({ done: 0, of: 0 })
  const asking = useMutation({
    mutationFn: async () => {
      setProgress({ done: 0, of: 0 })
      const questions = [...(await relationQuestions()), ...(handle ? await routeQuestions(handle) : [])]
      return askAll(questions, (done) => setProgress({ done, of: questions.length }))
    },
  })
  const answers = asking.data ?? []
  const counted = (outcome: Answered['outcome']) => answers.filter((each) => each.outcome === outcome).length
  // What was found first, then what has to be asked again.
  const listed = ['found', 'unanswered', 'refused', 'nothing'].flatMap((outcome) =>
    answers.filter((each) => each.outcome === outcome),
  )
  return (
    <>
      <CardForm title={words.ask} isPending={asking.isPending} onSubmit={asking.mutate}>
        <p>{words.askLead}</p>
        <Field
          name="handle"
          label={words.othersHandle}
          hint={words.othersHandleHint}
          value={handle}
          onValue={(value) => setHandle(value.trim())}
          maxLength={40}
          autoComplete="off"
          spellCheck={false}
        />
        {asking.error && <Failure error={asking.error} />}
        <Buttons>
          <Button type="submit" disabled={asking.isPending}>
            {asking.isPending ? words.working : words.askNow}
          </Button>
        </Buttons>
        {asking.isPending && progress.of > 0 && (
          <progress
            className={styles.progress}
            aria-label={words.asked}
            value={progress.done}
            max={progress.of}
          />
        )}
      </CardForm>
      {asking.data && (
        <>
          <div role="status">
            {counted('found') > 0 ? (
              <Banner>{words.someFound(counted('found'))}</Banner>
            ) : (
              <p>{words.noneFound(answers.length - counted('unanswered'))}</p>
            )}
            {counted('unanswered') > 0 && <p>{words.someUnanswered(counted('unanswered'))}</p>}
          </div>
          <List label={words.asked}>
            {listed.map(({ kind, name, outcome }) => (
              <Row key={name} label={name} main={<code>{name}</code>}>
                <Quiet>{words.outcome[kind][outcome]}</Quiet>
              </Row>
            ))}
          </List>
        </>
      )}
    </>
  )
}

/** A few at a time: it is a question, and no load test. */
async function askAll(questions: Question[], onDone: (count: number) => void): Promise<Answered[]> {
  const answers: Answered[] = []
  const waiting = [...questions]
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { ask, ...question } = next
      answers.push({ ...question, outcome: await ask().catch(() => 'unanswered' as const) })
      onDone(answers.length)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return answers.sort((one, other) => one.name.localeCompare(other.name))
}
