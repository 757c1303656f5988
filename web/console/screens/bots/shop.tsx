import { useMutation, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { type Bot, botQuery, botsQuery, changeBot, deleteBot } from '../../api/bots.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, Card } from '../../parts/card.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Failure } from '../../parts/notice.tsx'
import { BotScreen } from './frame.tsx'
import { ShopFacts } from './shop-facts.tsx'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/bots/$bot')

/** One bot: whether it is on, and whom it speaks for. */
export function Shop() {
  return (
    <BotScreen notManaged={words.botsByManagers}>
      {({ slug, bot, mayChange }) => (
        <>
          <State slug={slug} bot={bot} mayChange={mayChange} />
          <ShopFacts slug={slug} read={bot} mayChange={mayChange} />
        </>
      )}
    </BotScreen>
  )
}

function State({ slug, bot, mayChange }: { slug: string; bot: Bot; mayChange: boolean }) {
  const queries = useQueryClient()
  const navigate = route.useNavigate()
  const [isLeaving, setLeaving] = useState(false)
  const { ref_id, client_name, is_active } = bot
  const list = { queryKey: botsQuery(slug).queryKey, exact: true }
  const switching = useMutation({
    mutationFn: (to: boolean) => changeBot(slug, ref_id, { is_active: to }),
    onSuccess: (saved) => {
      queries.setQueryData(botQuery(slug, ref_id).queryKey, saved)
      void queries.invalidateQueries(list)
    },
  })
  const removing = useMutation({
    mutationFn: () => deleteBot(slug, ref_id),
    onSettled: () => setLeaving(false),
    onSuccess: async () => {
      await navigate({ to: '/t/$slug/bots', params: { slug } })
      queries.removeQueries({ queryKey: botQuery(slug, ref_id).queryKey })
      await queries.invalidateQueries(list)
    },
  })
  const failure = switching.error ?? removing.error
  return (
    <Card title={words.state}>
      <p role="status">{`${is_active ? words.isOn : words.isOff}. ${is_active ? words.onLead : words.offLead}`}</p>
      {failure && <Failure error={failure} />}
      {mayChange && (
        <Buttons>
          <Button isIdle={switching.isPending} onClick={() => switching.mutate(!is_active)}>
            {is_active ? words.switchOff : words.switchOn}
          </Button>
          <Button look="quiet" onClick={() => setLeaving(true)}>
            {words.remove}
          </Button>
        </Buttons>
      )}
      <Confirm
        title={words.removeBotTitle(client_name)}
        lead={words.removeBotLead}
        act={words.remove}
        isOpen={isLeaving}
        isPending={removing.isPending}
        onAct={removing.mutate}
        onClose={() => setLeaving(false)}
      />
    </Card>
  )
}
