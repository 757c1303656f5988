import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { conversationQuery } from '../../../api/bot-conversations.ts'
import { Quiet } from '../../../parts/list.tsx'
import { isRefused, Pending } from '../../../parts/states.tsx'
import { BotScreen } from '../frame.tsx'
import { Answering } from './answering.tsx'
import { Forget } from './forget.tsx'
import { Messages } from './messages.tsx'
import { nameOf, numberOf } from './naming.ts'
import { Reply } from './reply.tsx'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/bots/$bot/conversations/$contact')

/** What one contact and a shop said to each other. */
export function Conversation() {
  const { contact } = route.useParams()
  return (
    <BotScreen managedBy="write" notManaged={words.readOnly}>
      {({ slug, bot, tenant, mayChange }) => (
        <>
          <p>
            <Link to="/t/$slug/bots/$bot/conversations" params={{ slug, bot: bot.ref_id }}>
              {words.backToAll}
            </Link>
          </p>
          <One
            key={contact}
            at={{ slug, bot: bot.ref_id, contact }}
            mayChange={mayChange}
            mayForget={tenant.permissions.includes('manage')}
          />
        </>
      )}
    </BotScreen>
  )
}

/** Where a conversation is. */
export interface Place {
  slug: string
  bot: string
  contact: string
}

function One({ at, mayChange, mayForget }: { at: Place; mayChange: boolean; mayForget: boolean }) {
  const read = useQuery(conversationQuery(at.slug, at.bot, at.contact))
  if (!read.data || isRefused(read)) return <Pending queries={[read]} />
  const conversation = read.data
  const { full_name, wa_id } = conversation
  return (
    <>
      <h2>{nameOf(conversation)}</h2>
      {full_name !== null && wa_id !== null && <Quiet>{numberOf(wa_id)}</Quiet>}
      <Answering at={at} conversation={conversation} mayChange={mayChange} />
      <Messages at={at} />
      {mayChange && <Reply at={at} conversation={conversation} now={read.dataUpdatedAt} />}
      {mayForget && <Forget at={at} name={nameOf(conversation)} />}
    </>
  )
}
