import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { overviewQuery } from '../../api/overview.ts'
import { tenantQuery } from '../../api/tenants.ts'
import { List, Row } from '../../parts/list.tsx'
import { Banner } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import styles from './home.module.css'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug')

/** The screen on which something that needs doing is done, as far as the console has it. */
const screens = {
  brand: '/t/$slug/brand',
  webhook_endpoint: '/t/$slug/webhooks',
  api_key: '/t/$slug/keys',
  domain: '/t/$slug/address',
  limit: '/t/$slug/usage',
  tenant: '/t/$slug/usage',
  identity_provider: '/t/$slug/sso',
  invitation: '/t/$slug/people',
  contract: '/t/$slug/contract',
  notification_provider: '/t/$slug/notifications/providers',
  unsettled_message: '/t/$slug/notifications/log',
  llm_provider: '/t/$slug/usage/model',
} as const

/** What needs doing. */
export function Home() {
  const { slug } = route.useParams()
  const tenant = useQuery(tenantQuery(slug))
  const overview = useQuery(overviewQuery(slug))
  if (!tenant.data || !overview.data || isRefused(tenant, overview))
    return <Pending queries={[tenant, overview]} />
  const { name, status, plan, role, trial_ends_at } = tenant.data
  const day = new Intl.DateTimeFormat(words.language, { dateStyle: 'long' })
  return (
    <>
      <title>{`${name} – Tenantry`}</title>
      <h1>{name}</h1>
      <p>
        {words.status[status] ?? status} · {plan} · {role && (words.role[role] ?? role)}
        {status === 'trial' && trial_ends_at && (
          <> · {words.trialEnds(day.format(new Date(trial_ends_at)))}</>
        )}
      </p>
      {status === 'frozen' && <Banner>{words.frozen}</Banner>}
      <h2>{words.toDo}</h2>
      {overview.data.length === 0 && <p>{words.nothingToDo}</p>}
      <List>
        {overview.data.map(({ code, severity, description, target_type, targets, has_more }) => {
          const screen = Object.hasOwn(screens, target_type) && screens[target_type as keyof typeof screens]
          return (
            <Row
              key={code}
              label={code}
              className={styles[severity]}
              main={
                <>
                  <strong>{words.severity[severity]}</strong>
                  {words.finding[code] ? (
                    <span>{words.finding[code]}</span>
                  ) : (
                    <span lang="en">{description}</span>
                  )}
                  {targets.some((target) => target.name) && (
                    <span>
                      {targets.flatMap((target) => target.name ?? []).join(', ')}
                      {has_more && ' …'}
                    </span>
                  )}
                </>
              }
            >
              {screen && (
                <Link to={screen} params={{ slug }}>
                  {words.goThere}
                </Link>
              )}
            </Row>
          )
        })}
      </List>
    </>
  )
}
