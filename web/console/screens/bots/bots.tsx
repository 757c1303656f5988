import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { botsQuery } from '../../api/bots.ts'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { Screen } from '../../parts/screen.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { PlanGate, useLackingPlan } from './frame.tsx'
import { NewBot } from './new-bot.tsx'
import { words } from './words/words.ts'

/** The bots of a tenant. */
export function Bots() {
  return (
    <Screen title={words.rooms.bots} lead={words.botsLead} notManaged={words.botsByManagers}>
      {({ slug, mayManage }) => <Listed key={slug} slug={slug} mayManage={mayManage} />}
    </Screen>
  )
}

function Listed({ slug, mayManage }: { slug: string; mayManage: boolean }) {
  const bots = useInfiniteQuery(botsQuery(slug))
  const isLacking = useLackingPlan(slug) !== null
  if (!bots.data || isRefused(bots)) return <Pending queries={[bots]} />
  const listed = bots.data.pages.flatMap((page) => page.bots)
  return (
    <>
      <PlanGate slug={slug} />
      {listed.length === 0 && <p>{words.noBots}</p>}
      <List label={words.rooms.bots}>
        {listed.map((bot) => (
          <Row
            key={bot.ref_id}
            label={bot.client_name}
            main={
              <>
                <Link to="/t/$slug/bots/$bot" params={{ slug, bot: bot.ref_id }}>
                  {bot.client_name}
                </Link>
                {bot.client_phone && <Quiet>{bot.client_phone}</Quiet>}
                {bot.is_switched_off && <span>{words.noPlace}</span>}
              </>
            }
          >
            <span>{bot.is_active ? words.isOn : words.isOff}</span>
          </Row>
        ))}
      </List>
      <More pages={bots} />
      {mayManage && !isLacking && <NewBot slug={slug} />}
    </>
  )
}
