import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { Config } from '../../api/framework-parts.ts'
import { tryAnswers } from '../../api/frameworks.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, Card, CardForm } from '../../parts/card.tsx'
import { Select } from '../../parts/choice.tsx'
import { Failure } from '../../parts/notice.tsx'
import { numberOf } from '../../parts/when.tsx'
import { errorsIn } from './draft.ts'
import { FrameworkScreen, type Here, Places } from './frame.tsx'
import { inOrder } from './order.ts'
import { words } from './words/words.ts'

/** The assessment as participants meet it, to be answered without a trace. */
export function TryIt() {
  return <FrameworkScreen>{(here) => <Trial {...here} />}</FrameworkScreen>
}

type Mode = Config['modes'][string]
type Answers = Readonly<Record<string, string>>

function Trial({ slug, framework, read }: Here) {
  const [of, setOf] = useState<'draft' | 'published'>('draft')
  const [format, setFormat] = useState('')
  const [client, setClient] = useState('')
  const [answers, setAnswers] = useState<Answers>({})
  const which = read.draft ? of : 'published'
  const config = which === 'draft' ? read.drafted : read.published
  const modes = Object.entries(config.modes).filter(([, { is_enabled }]) => is_enabled)
  const [mode, chosen] = modes.find(([id]) => id === format) ?? modes[0] ?? []
  const clients = config.test_clients.filter(({ answers: given }) => given)
  const asking = useMutation({
    mutationFn: () =>
      tryAnswers(slug, framework, which, {
        mode: mode ?? '',
        ...(client ? { test_client: client } : { answers: chosen ? answered(chosen, answers) : {} }),
      }),
  })
  const change = (act: () => void) => {
    asking.reset()
    act()
  }
  if (!chosen || mode === undefined) return null
  return (
    <>
      <p>{words.tryLead}</p>
      <CardForm title={chosen.title} isPending={asking.isPending} onSubmit={asking.mutate}>
        {read.draft && (
          <Select
            label={words.tryWhat}
            value={which}
            options={[
              ['draft', words.withDraft],
              ['published', words.asPublished],
            ]}
            onValue={(next) => change(() => setOf(next))}
          />
        )}
        <Select
          label={words.format}
          value={mode}
          options={modes.map(([id, { title }]) => [id, title] as const)}
          onValue={(next) => change(() => setFormat(next))}
        />
        {clients.length > 0 && (
          <Select
            label={words.answersOf}
            value={client}
            options={[['', words.ownAnswers], ...clients.map(({ id, name }) => [id, name] as const)]}
            onValue={(next) => change(() => setClient(next))}
          />
        )}
        <p>{chosen.intro}</p>
        {!client &&
          inOrder(chosen.items).map((id) => (
            <Select
              key={id}
              label={chosen.items[id]?.prompt ?? id}
              value={answers[id] ?? ''}
              options={[['', words.noAnswer], ...choicesOf(chosen, id)]}
              onValue={(value) => change(() => setAnswers({ ...answers, [id]: value }))}
            />
          ))}
        {asking.error && <Failure error={asking.error} />}
        <Places errors={errorsIn(asking.error)} />
        <Buttons>
          <Button type="submit" disabled={asking.isPending}>
            {asking.isPending ? words.working : words.seeResult}
          </Button>
        </Buttons>
      </CardForm>
      {asking.data && (
        <Card title={words.part.archetypes}>
          <p role="status">
            {words.resultOf(numberOf(asking.data.answered_count), numberOf(asking.data.item_count))}
          </p>
          {asking.data.combination && <p>{asking.data.combination.title}</p>}
          <ol>
            {asking.data.scores.map(({ id, name, score, band }) => (
              <li key={id}>
                {name}: {numberOf(score)}
                {band && ` (${config.scoring.severity_bands[band]?.label ?? band})`}{' '}
                {id === asking.data.primary_id && <strong>{words.leadsWith}</strong>}
              </li>
            ))}
          </ol>
        </Card>
      )}
    </>
  )
}

/** What one may answer: the steps of the scale, or the choices. */
function choicesOf({ kind, scale, items }: Mode, id: string): (readonly [string, string])[] {
  const options = items[id]?.options ?? {}
  if (kind === 'choice') return inOrder(options).map((each) => [each, options[each]?.label ?? each] as const)
  const { min = 0, max = -1, labels = {} } = scale ?? {}
  return Array.from({ length: max - min + 1 }, (_, n) => {
    const word = labels[min + n]
    return [String(min + n), word ? `${numberOf(min + n)}: ${word}` : numberOf(min + n)] as const
  })
}

/** What was answered of what is asked now. */
const answered = ({ kind, items }: Mode, answers: Answers) =>
  Object.fromEntries(
    Object.entries(answers)
      .filter(([id, value]) => value !== '' && Object.hasOwn(items, id))
      .map(([id, value]) => [id, kind === 'scale' ? Number(value) : value]),
  )
