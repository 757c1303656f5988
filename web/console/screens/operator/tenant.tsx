import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { type TenantState, tenantStateQuery } from '../../api/operator.ts'
import { Card } from '../../parts/card.tsx'
import { Facts } from '../../parts/facts.tsx'
import { List, Quiet, Row } from '../../parts/list.tsx'
import { Moment, numberOf } from '../../parts/when.tsx'
import { OperatorScreen } from './frame.tsx'
import { ChangePlan, ChangeStatus } from './tenant-changes.tsx'
import { words } from './words/words.ts'

const route = getRouteApi('/operator/tenants/$tenant')

/** One tenant: where it stands, its figures, and what an operator may change. Opening it is a look at it. */
export function OperatorTenant() {
  const { tenant } = route.useParams()
  const state = useQuery({ ...tenantStateQuery(tenant), refetchOnWindowFocus: false })
  return (
    <OperatorScreen title={state.data?.tenant.name ?? tenant} query={state}>
      {() => state.data && <Content key={state.data.tenant.ref_id} state={state.data} />}
    </OperatorScreen>
  )
}

const at = (moment: string | null) => moment && <Moment at={moment} />
const dollars = new Intl.NumberFormat(words.language, { style: 'currency', currency: 'USD' })

function Content({ state }: { state: TenantState }) {
  const { tenant, lifecycle, members, usage, limits, queues, owners, findings } = state
  return (
    <>
      <p>
        {tenant.slug} · {words.status[tenant.status] ?? tenant.status} · {tenant.plan}
        {tenant.domain && ` · ${tenant.domain}`}
      </p>
      <p>
        {words.looked}{' '}
        <Link to="/operator/audit" search={{ tenant: tenant.ref_id }}>
          {words.itsLog}
        </Link>
      </p>
      <Card title={words.statusOf}>
        <Facts
          of={[
            [words.statusOf, words.status[lifecycle.status] ?? lifecycle.status],
            [words.since, at(lifecycle.since)],
            [words.reason, lifecycle.reason],
            [words.trialEndsAt, at(lifecycle.trial_ends_at)],
            [words.freezesAt, at(lifecycle.freezes_at)],
            [words.archivesAt, at(lifecycle.archives_at)],
            [words.purgeableAt, at(lifecycle.purgeable_at)],
          ]}
        />
        <ChangeStatus tenant={tenant} moves={lifecycle.moves} />
      </Card>
      {tenant.kind === 'customer' && lifecycle.status !== 'archived' && (
        <ChangePlan key={tenant.plan} tenant={tenant} plans={state.plans} />
      )}
      <Card title={words.toDo}>
        {findings.length === 0 && <p>{words.noneFound}</p>}
        <ul lang="en">
          {findings.map(({ code, description }) => (
            <li key={code}>{description}</li>
          ))}
        </ul>
      </Card>
      <Card title={words.members}>
        <Facts
          of={(['owner', 'admin', 'member', 'reviewer'] as const).map((role) => [
            words.role[role] ?? role,
            numberOf(members[role]),
          ])}
        />
        <List label={words.owners}>
          {owners.map(({ ref_id, name, email }) => (
            <Row
              key={ref_id}
              label={email ?? ref_id}
              main={
                <>
                  <strong>{name ?? email}</strong>
                  <Quiet>{email}</Quiet>
                </>
              }
            />
          ))}
        </List>
      </Card>
      <Card title={words.usage}>
        <Facts
          of={[
            [words.since, at(usage.since_at)],
            [words.events, numberOf(usage.event_count)],
            [words.tokens, numberOf(usage.tokens_used)],
            [words.cost, dollars.format(usage.cost_micros / 1e6)],
          ]}
        />
      </Card>
      <Card title={words.limits}>
        <Facts
          of={limits.map(({ limit, used, most }) => [
            limit,
            most === null ? numberOf(used) : `${numberOf(used)} / ${numberOf(most)}`,
          ])}
        />
      </Card>
      {queues.map(({ queue, ...each }) => (
        <Card key={queue} title={`${words.opQueues}: ${queue}`}>
          <Facts
            of={[
              [words.waiting, numberOf(each.waiting_count)],
              [words.due, numberOf(each.due_count)],
              [words.oldest, at(each.oldest_due_at)],
              [words.failing, `${numberOf(each.failing_receiver_count)} / ${numberOf(each.receiver_count)}`],
            ]}
          />
        </Card>
      ))}
    </>
  )
}
