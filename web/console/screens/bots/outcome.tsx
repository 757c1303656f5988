import { Link } from '@tanstack/react-router'
import type { BotAnswer } from '../../api/bots.ts'
import { Card } from '../../parts/card.tsx'
import { Code } from '../../parts/code.tsx'
import { Facts } from '../../parts/facts.tsx'
import { List, Quiet, Row } from '../../parts/list.tsx'
import { exactDollarsOf } from '../../parts/money.ts'
import { numberOf, shareOf } from '../../parts/when.tsx'
import styles from './bots.module.css'
import { words } from './words/words.ts'

interface Props {
  slug: string
  bot: string
  answer: BotAnswer
}

/** What a bot does with a message, and the rule that led to it. */
export function Outcome({ slug, bot, answer }: Props) {
  return (
    <Card title={words.outcomeTitle}>
      <strong>{words.outcomes[answer.outcome]}</strong>
      {answer.text !== null && <p className={styles.said}>{answer.text}</p>}
      <p>
        {words.reasons[answer.reason]} <ToChange slug={slug} bot={bot} reason={answer.reason} />
      </p>
    </Card>
  )
}

/** The rows that fit, the template, what the model was told, and what that cost. */
export function Why({ slug, bot, answer }: Props) {
  const { training_data: fits, template, prompt, call } = answer
  const params = { slug, bot }
  return (
    <Card title={words.ledTitle}>
      <h3 className={styles.part}>{words.fits}</h3>
      <p>{fits.length === 0 ? words.noFits : words.fitsLead}</p>
      {fits.length > 0 && (
        <List label={words.fits}>
          {fits.map(({ ref_id, question, data_type, category, score }) => (
            <Row
              key={ref_id}
              label={question}
              main={
                <>
                  <Link to="/t/$slug/bots/$bot/training/$row" params={{ ...params, row: ref_id }}>
                    {question}
                  </Link>
                  <Quiet>{[words.kinds[data_type], ...(category ? [category] : [])].join(' · ')}</Quiet>
                </>
              }
            >
              <span>{words.score(shareOf(score))}</span>
            </Row>
          ))}
        </List>
      )}
      {template && (
        <Facts
          of={[
            [
              words.usedTemplate,
              <Link
                key={template.ref_id}
                to="/t/$slug/bots/$bot/templates/$template"
                params={{ ...params, template: template.ref_id }}
              >
                {template.template_name}
              </Link>,
            ],
            ...(call ? costOf(call) : []),
          ]}
        />
      )}
      {prompt && (
        <details>
          <summary>{words.prompt}</summary>
          <h3 className={styles.part}>{words.promptSystem}</h3>
          <Code>{prompt.system}</Code>
          <h3 className={styles.part}>{words.promptMessage}</h3>
          <Code>{prompt.message}</Code>
        </details>
      )}
    </Card>
  )
}

const costOf = (call: NonNullable<BotAnswer['call']>) =>
  [
    [words.usedModel, call.model],
    [words.tokensUsed, words.tokens(numberOf(call.input_tokens), numberOf(call.output_tokens))],
    [words.cost, call.cost_micros === null ? words.noPrice : exactDollarsOf(call.cost_micros)],
    [words.credits, numberOf(call.credits)],
  ] as const

/** Where a reason is changed. */
function ToChange({ slug, bot, reason }: Omit<Props, 'answer'> & { reason: BotAnswer['reason'] }) {
  const params = { slug, bot }
  switch (reason) {
    case 'not_active':
      return (
        <Link to="/t/$slug/bots/$bot" params={params}>
          {words.changeIt}
        </Link>
      )
    case 'not_enabled':
    case 'training_mode':
    case 'ai_responses_off':
    case 'no_model':
      return (
        <Link to="/t/$slug/bots/$bot/behaviour" params={params}>
          {words.changeIt}
        </Link>
      )
    case 'no_template':
      return (
        <Link to="/t/$slug/bots/$bot/templates" params={params}>
          {words.changeIt}
        </Link>
      )
    case 'feature_not_in_plan':
    case 'switched_off':
    case 'model_not_paid':
      return (
        <Link to="/t/$slug/usage" params={{ slug }}>
          {words.changeIt}
        </Link>
      )
    default:
      return null
  }
}
