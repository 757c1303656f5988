import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Bot, botQuery } from '../../api/bots.ts'
import { entitlementsQuery } from '../../api/projects.ts'
import { Banner } from '../../parts/notice.tsx'
import { type Permission, Screen, type Tenant } from '../../parts/screen.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { words } from './words/words.ts'

interface Here {
  slug: string
  bot: Bot
  tenant: Tenant
  /** What the server says of this part: of managing it, or of writing. */
  mayChange: boolean
}

interface Props {
  managedBy?: 'manage' | 'write'
  /** What somebody has to be allowed to see this part, and what the others are told. */
  needs?: Permission
  notSeen?: string
  notManaged: string
  children: (here: Here) => ReactNode
}

/** A part of a bot, below the links to all of them. */
export function BotScreen({ managedBy = 'manage', children, ...rest }: Props) {
  const { bot = '' } = useParams({ strict: false })
  return (
    <Screen {...rest} title={words.rooms.bots} managedBy={managedBy}>
      {({ slug, tenant, mayManage }) => (
        <One key={`${slug} ${bot}`} slug={slug} bot={bot} tenant={tenant} mayChange={mayManage}>
          {children}
        </One>
      )}
    </Screen>
  )
}

const asTab = { includeSearch: false }
const asFirstTab = { exact: true, includeSearch: false }

function One({
  slug,
  bot: ref,
  tenant,
  mayChange,
  children,
}: Omit<Here, 'bot'> & { bot: string; children: Props['children'] }) {
  const bot = useQuery(botQuery(slug, ref))
  if (!bot.data || isRefused(bot)) return <Pending queries={[bot]} />
  const params = { slug, bot: ref }
  return (
    <>
      <h2>{bot.data.client_name}</h2>
      <PlanGate slug={slug} />
      {bot.data.is_switched_off && <Banner>{words.noPlace}</Banner>}
      <Tabs label={words.rooms.bots}>
        <Link to="/t/$slug/bots/$bot" params={params} activeOptions={asFirstTab}>
          {words.parts.shop}
        </Link>
        <Link to="/t/$slug/bots/$bot/conversations" params={params} activeOptions={asTab}>
          {words.parts.conversations}
        </Link>
        <Link to="/t/$slug/bots/$bot/behaviour" params={params} activeOptions={asTab}>
          {words.parts.behaviour}
        </Link>
        <Link to="/t/$slug/bots/$bot/templates" params={params} activeOptions={asTab}>
          {words.parts.templates}
        </Link>
        <Link to="/t/$slug/bots/$bot/training" params={params} activeOptions={asTab}>
          {words.parts.training}
        </Link>
        <Link to="/t/$slug/bots/$bot/try" params={params} activeOptions={asTab}>
          {words.parts.try}
        </Link>
        <Link to="/t/$slug/bots/$bot/subscriptions" params={params} activeOptions={asTab}>
          {words.parts.subscriptions}
        </Link>
        {tenant.permissions.includes('read_admin') && (
          <Link to="/t/$slug/bots/$bot/number" params={params} activeOptions={asTab}>
            {words.parts.number}
          </Link>
        )}
      </Tabs>
      {children({ slug, bot: bot.data, tenant, mayChange })}
    </>
  )
}

/** Whether the plan lacks bots, and which has them. Null while nobody knows. */
export function useLackingPlan(slug: string): { plan: string } | null {
  const { data } = useQuery(entitlementsQuery(slug))
  const feature = data?.features.find((each) => each.feature === 'bots')
  return feature?.reason === 'feature_not_in_plan' ? { plan: feature.plan_that_has_it ?? '' } : null
}

/** Bots stay when a plan lacks them, and answer nobody. */
export function PlanGate({ slug }: { slug: string }) {
  const lacking = useLackingPlan(slug)
  return lacking && <Banner>{words.botsNotInPlan(lacking.plan)}</Banner>
}
