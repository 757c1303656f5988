import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { botNumberQuery } from '../../../api/bot-number.ts'
import { Secret } from '../../../parts/secret.tsx'
import { isRefused, Pending } from '../../../parts/states.tsx'
import { BotScreen } from '../frame.tsx'
import { words as bots } from '../words/words.ts'
import { AtMeta } from './at-meta.tsx'
import { Connect } from './connect.tsx'
import { State } from './state.tsx'
import { words } from './words/words.ts'

/** The WhatsApp number of a bot. */
export function NumberScreen() {
  return (
    <BotScreen needs="read_admin" notSeen={words.seenByManagers} notManaged={bots.botsByManagers}>
      {({ slug, bot, mayChange }) => <Parts slug={slug} bot={bot.ref_id} mayChange={mayChange} />}
    </BotScreen>
  )
}

function Parts({ slug, bot, mayChange }: { slug: string; bot: string; mayChange: boolean }) {
  const read = useQuery(botNumberQuery(slug, bot))
  // In the state of the screen alone, so it is gone with it.
  const [token, setToken] = useState<string | null>(null)
  if (read.data === undefined || isRefused(read)) return <Pending queries={[read]} />
  const number = read.data
  const of = { slug, bot, mayChange }
  return (
    <>
      {number ? (
        <>
          <State {...of} number={number} />
          <AtMeta {...of} number={number} onToken={setToken} />
        </>
      ) : (
        <p>{words.none}</p>
      )}
      {(mayChange || number) && <Connect {...of} read={number} onToken={setToken} />}
      {token !== null && (
        <Secret
          title={words.verifyToken}
          lead={words.tokenLead}
          label={words.verifyToken}
          secret={token}
          onDone={() => setToken(null)}
        />
      )}
    </>
  )
}
