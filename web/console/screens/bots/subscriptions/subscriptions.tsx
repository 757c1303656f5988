import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { botSubscriptionsQuery } from '../../../api/bot-subscriptions.ts'
import { Filters, TextFilter } from '../../../parts/filters.tsx'
import { List, More, Quiet, Row } from '../../../parts/list.tsx'
import { moneyOf } from '../../../parts/money.ts'
import { isRefused, Pending } from '../../../parts/states.tsx'
import { dayOf } from '../../../parts/when.tsx'
import { BotScreen } from '../frame.tsx'
import { words as bots } from '../words/words.ts'
import { Account } from './account.tsx'
import { Plans } from './plans.tsx'
import { words } from './words/words.ts'

/** What contacts can subscribe to, where they pay, and who has. */
export function Subscriptions() {
  return (
    <BotScreen notManaged={bots.botsByManagers}>
      {({ slug, bot, tenant, mayChange }) => (
        <>
          <p>{words.lead}</p>
          <Plans slug={slug} bot={bot.ref_id} mayChange={mayChange} />
          <Subscribed slug={slug} bot={bot.ref_id} />
          {tenant.permissions.includes('read_admin') && (
            <Account slug={slug} bot={bot.ref_id} mayChange={mayChange} />
          )}
        </>
      )}
    </BotScreen>
  )
}

function Subscribed({ slug, bot }: { slug: string; bot: string }) {
  const [contact, setContact] = useState<string>()
  const read = useInfiniteQuery(botSubscriptionsQuery(slug, bot, contact?.slice(0, 100)))
  if (!read.data || isRefused(read)) return <Pending queries={[read]} />
  const listed = read.data.pages.flatMap((page) => page.subscriptions)
  return (
    <>
      <h3>{words.subscriptions}</h3>
      <Filters>
        <TextFilter label={words.nameOrNumber} value={contact} onValue={setContact} />
      </Filters>
      {listed.length === 0 && <p>{words.noSubscriptions}</p>}
      <List label={words.subscriptions}>
        {listed.map((each) => {
          const name = each.full_name ?? (each.phone ? `+${each.phone}` : words.forgotten)
          return (
            <Row
              key={each.ref_id}
              label={`${name}, ${each.plan_name}`}
              main={
                <>
                  {each.contact ? (
                    <Link
                      to="/t/$slug/bots/$bot/conversations/$contact"
                      params={{ slug, bot, contact: each.contact }}
                    >
                      {name}
                    </Link>
                  ) : (
                    <span>{name}</span>
                  )}
                  <Quiet>
                    {each.plan_name}, {moneyOf(each.amount_minor, each.currency)}, {dayOf(each.created_at)}
                  </Quiet>
                </>
              }
            >
              <span>
                {words.standing[each.status]}
                {each.status === 'failed' && each.reason && ` (${each.reason})`}
                {each.status === 'subscribed' && each.expires_at && ` ${words.until(dayOf(each.expires_at))}`}
              </span>
            </Row>
          )
        })}
      </List>
      <More pages={read} />
    </>
  )
}
