import { useQuery } from '@tanstack/react-query'
import { botSettingsQuery } from '../../api/bots.ts'
import { isRefused, Pending } from '../../parts/states.tsx'
import { BotModel } from './bot-model.tsx'
import { BotScreen } from './frame.tsx'
import { Limits } from './limits.tsx'
import { Toggles } from './toggles.tsx'
import { words } from './words/words.ts'

/** What a bot may do, how much, and which model writes for it. */
export function Behaviour() {
  return (
    <BotScreen notManaged={words.botsByManagers}>
      {({ slug, bot, mayChange }) => (
        <>
          <Settings slug={slug} bot={bot.ref_id} mayChange={mayChange} />
          <BotModel slug={slug} bot={bot} mayChange={mayChange} />
        </>
      )}
    </BotScreen>
  )
}

function Settings({ slug, bot, mayChange }: { slug: string; bot: string; mayChange: boolean }) {
  const read = useQuery(botSettingsQuery(slug, bot))
  if (!read.data || isRefused(read)) return <Pending queries={[read]} />
  return (
    <>
      <Toggles slug={slug} bot={bot} read={read.data} mayChange={mayChange} />
      <Limits slug={slug} bot={bot} read={read.data} mayChange={mayChange} />
    </>
  )
}
