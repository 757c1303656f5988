import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import {
  type Conversation,
  type ConversationFilters,
  conversationsQuery,
} from '../../../api/bot-conversations.ts'
import { Select } from '../../../parts/choice.tsx'
import { Filters, TextFilter } from '../../../parts/filters.tsx'
import { List, More, Quiet, Row } from '../../../parts/list.tsx'
import { oneOf } from '../../../parts/search.ts'
import { isRefused, Pending } from '../../../parts/states.tsx'
import { Moment } from '../../../parts/when.tsx'
import { BotScreen } from '../frame.tsx'
import { words as bots } from '../words/words.ts'
import { nameOf, reasonOf } from './naming.ts'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/bots/$bot/conversations')
const states = ['escalated', 'taken_over'] as const

/** Who wrote to a bot. */
export function Conversations() {
  return (
    <BotScreen managedBy="write" notManaged={words.readOnly}>
      {({ slug, bot }) => (
        <>
          <Narrowed />
          <Listed slug={slug} bot={bot.ref_id} />
        </>
      )}
    </BotScreen>
  )
}

/** What an address has that cannot be meant is left out. */
function filtersOf({ state, contact }: { state?: string; contact?: string }): ConversationFilters {
  const known = oneOf(states, state)
  return { ...(known && { state: known }), ...(contact && { contact: contact.slice(0, 100) }) }
}

function Narrowed() {
  const chosen = route.useSearch()
  const navigate = route.useNavigate()
  const go = (change: { [Name in keyof typeof chosen]?: string | undefined }) =>
    void navigate({ search: (before) => ({ ...before, ...change }) as typeof chosen, resetScroll: false })
  return (
    <Filters>
      <TextFilter label={words.nameOrNumber} value={chosen.contact} onValue={(contact) => go({ contact })} />
      <Select
        label={words.shown}
        value={oneOf(states, chosen.state) ?? 'all'}
        options={(['all', ...states] as const).map((each) => [each, words.show[each]] as const)}
        onValue={(state) => go({ state: state === 'all' ? undefined : state })}
      />
    </Filters>
  )
}

function Listed({ slug, bot }: { slug: string; bot: string }) {
  const conversations = useInfiniteQuery(conversationsQuery(slug, bot, filtersOf(route.useSearch())))
  if (!conversations.data || isRefused(conversations)) return <Pending queries={[conversations]} />
  const listed = conversations.data.pages.flatMap((page) => page.conversations)
  return (
    <>
      {listed.length === 0 && <p>{words.noConversations}</p>}
      <List label={bots.parts.conversations}>
        {listed.map((each) => (
          <Row
            key={each.contact}
            label={nameOf(each)}
            main={
              <>
                <Link
                  to="/t/$slug/bots/$bot/conversations/$contact"
                  params={{ slug, bot, contact: each.contact }}
                >
                  {nameOf(each)}
                </Link>
                {each.last_text !== null && <span>{each.last_text}</span>}
                <Quiet>
                  <Moment at={each.last_message_at} />
                </Quiet>
                {each.escalation_reason !== null && <Quiet>{reasonOf(each.escalation_reason)}</Quiet>}
              </>
            }
          >
            <span>{stateOf(each)}</span>
          </Row>
        ))}
      </List>
      <More pages={conversations} />
    </>
  )
}

function stateOf({ is_opted_out, taken_over_at, escalated_at }: Conversation): string {
  if (is_opted_out) return words.optedOut
  if (escalated_at !== null) return words.waits
  return taken_over_at === null ? words.answeredByBot : words.answeredByPerson
}
