import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type BotMessage, messagesQuery } from '../../../api/bot-conversations.ts'
import { More, Quiet } from '../../../parts/list.tsx'
import { isRefused, Pending } from '../../../parts/states.tsx'
import { Moment } from '../../../parts/when.tsx'
import { words as bots } from '../words/words.ts'
import type { Place } from './conversation.tsx'
import styles from './conversations.module.css'
import { reasonOf } from './naming.ts'
import { words } from './words/words.ts'

/** What was said, the newest at the end, where it begins to be read. */
export function Messages({ at }: { at: Place }) {
  const read = useInfiniteQuery(messagesQuery(at.slug, at.bot, at.contact))
  if (!read.data || isRefused(read)) return <Pending queries={[read]} />
  const said = read.data.pages.flatMap((page) => page.messages).reverse()
  const byRef = new Map(said.map((each) => [each.ref_id, each]))
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <div className={styles.log} role="log" aria-label={words.said} tabIndex={0}>
      <div className={styles.said}>
        <More pages={read} />
        <ol className={styles.messages}>
          {said.map((each) => (
            <li key={each.ref_id} className={each.direction === 'inbound' ? styles.theirs : styles.ours}>
              <Quiet>
                {words.source[each.source]} · <Moment at={each.occurred_at} />
              </Quiet>
              <Words of={each} />
              <Why at={at} of={each} asked={each.answers === null ? undefined : byRef.get(each.answers)} />
              <Status of={each} />
            </li>
          ))}
        </ol>
      </div>
    </div>
  )
}

/** Of what is no text, the kind is told. */
function Words({ of: { kind, text } }: { of: BotMessage }) {
  if (kind === 'text') return text === null ? <Quiet>{words.notKept}</Quiet> : <p>{text}</p>
  return (
    <>
      {(text === null || Object.hasOwn(words.kinds, kind)) && (
        <Quiet>{words.kinds[kind] ?? words.otherKind}</Quiet>
      )}
      {text !== null && <p>{text}</p>}
    </>
  )
}

interface WhyProps {
  at: Place
  of: BotMessage
  /** What it answers, if that is shown too. */
  asked: BotMessage | undefined
}

/** Which rule led to an answer of the bot, or to none. */
function Why({ at: { slug, bot }, of, asked }: WhyProps) {
  if (of.outcome !== null && of.outcome !== 'answered' && of.reason !== null)
    return <Quiet>{`${bots.outcomes[of.outcome]}. ${reasonOf(of.reason)}`}</Quiet>
  if (of.source !== 'bot' || asked?.outcome !== 'answered' || asked.reason === null) return null
  return (
    <Quiet>
      {reasonOf(asked.reason)}
      {asked.training_data !== null && (
        <>
          {' '}
          <Link to="/t/$slug/bots/$bot/training/$row" params={{ slug, bot, row: asked.training_data }}>
            {words.row}
          </Link>
        </>
      )}
      {asked.template_used !== null && ` ${words.template(asked.template_used)}`}
    </Quiet>
  )
}

/** How far it got on its way to the contact. */
function Status({ of: { status, error_code, error_message } }: { of: BotMessage }) {
  if (status === null) return null
  const code = error_code === null || error_message?.startsWith(`${error_code}`) ? '' : `${error_code} `
  const wrong = `${code}${error_message ?? ''}`.trim()
  return (
    <Quiet>
      {words.reached[status]}
      {wrong !== '' && (
        <>
          : <span lang="en">{wrong}</span>
        </>
      )}
    </Quiet>
  )
}
