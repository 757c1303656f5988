import { useQuery } from '@tanstack/react-query'
import { campaignQuery } from '../../api/campaigns.ts'
import { resolvedQuery } from '../../api/frameworks.ts'
import type { Participant } from '../../api/participants.ts'
import { Card } from '../../parts/card.tsx'
import { List, Quiet, Row } from '../../parts/list.tsx'
import { Moment, numberOf } from '../../parts/when.tsx'
import { words } from './words/words.ts'

interface Props {
  slug: string
  participant: Participant
}

/** The assessment that somebody takes, as it is now. What it has no more is shown by its id. */
function useFramework(slug: string, { result, campaign }: Participant) {
  const { data: of } = useQuery({
    ...campaignQuery(slug, campaign?.ref_id ?? ''),
    enabled: result === null && campaign !== null,
  })
  const framework = result?.framework_id ?? of?.assessment_type
  return useQuery({ ...resolvedQuery(slug, framework ?? ''), enabled: framework !== undefined }).data
}

/** The scores, the highest first, and what a model wrote about them. */
export function Result({ slug, participant }: Props) {
  const framework = useFramework(slug, participant)
  const { result, reflection } = participant
  if (!result) return null
  const nameOf = (id: string) => framework?.archetypes[id]?.name ?? id
  return (
    <Card title={words.result}>
      <p>
        {words.answered(numberOf(result.answered_count), numberOf(result.item_count))} ·{' '}
        <Moment at={result.completed_at} />
      </p>
      <ol>
        {result.scores.map(({ id, score, band }) => (
          <li key={id}>
            {nameOf(id)}: {numberOf(score)}
            {band && ` (${band})`} {id === result.primary_id && <strong>{words.leads}</strong>}
          </li>
        ))}
      </ol>
      {reflection && (
        <>
          <Quiet>{words.reflection(reflection.model)}</Quiet>
          <p>{reflection.text}</p>
        </>
      )}
    </Card>
  )
}

/** Each answer beside its question, with what a model remarked on it. */
export function Answers({ slug, participant }: Props) {
  const framework = useFramework(slug, participant)
  const { answers, remarks, mode } = participant
  const items = framework?.modes[participant.result?.mode ?? mode ?? '']?.items
  const position = (id: string) => items?.[id]?.position ?? 0
  const given = Object.entries(answers).sort(([a], [b]) => position(a) - position(b))
  if (given.length === 0) return null
  const said = (id: string, answer: string | number) =>
    items?.[id]?.options?.[String(answer)]?.label ?? String(answer)
  return (
    <details>
      <summary>{words.answers(numberOf(given.length))}</summary>
      <List>
        {given.map(([id, answer]) => (
          <Row
            key={id}
            label={id}
            main={
              <>
                <span>{items?.[id]?.prompt ?? id}</span>
                {remarks
                  .filter((remark) => remark.item_id === id)
                  .map((remark) => (
                    <Quiet key={remark.answer}>
                      {words.remark(said(id, remark.answer))} {remark.text}
                    </Quiet>
                  ))}
              </>
            }
          >
            <strong>{said(id, answer)}</strong>
          </Row>
        ))}
      </List>
    </details>
  )
}
