import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { type AuditSearch, allAuditQuery } from '../../api/operator.ts'
import { Filters, TextFilter } from '../../parts/filters.tsx'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { Moment } from '../../parts/when.tsx'
import { OperatorScreen } from './frame.tsx'
import styles from './operator.module.css'
import { refOf } from './refs.ts'
import { auditSearchIn, auditSearchOf } from './search.ts'
import { words } from './words/words.ts'

const route = getRouteApi('/operator/audit')

/** The audit logs of all tenants as one. */
export function OperatorAudit() {
  const search = auditSearchOf(route.useSearch())
  const navigate = route.useNavigate()
  const rows = useInfiniteQuery({ ...allAuditQuery(search), refetchOnWindowFocus: false })
  const go = (next: Partial<AuditSearch>) => void navigate({ search: auditSearchIn({ ...search, ...next }) })
  const events = rows.data?.pages.flatMap((page) => page.events) ?? []
  return (
    <OperatorScreen title={words.opAudit} query={rows}>
      {() => (
        <>
          <Narrowed search={search} onSearch={go} />
          {events.length === 0 && <p>{words.noneFound}</p>}
          <List label={words.opAudit}>
            {events.map((event) => (
              <Row
                key={event.id}
                label={event.action}
                main={
                  <>
                    <strong>{event.action}</strong>
                    <Quiet>
                      <Moment at={event.created_at} /> ·{' '}
                      {event.actor_name ?? event.actor_id ?? event.actor_type} ({event.actor_type})
                      {event.is_failure && ` · ${words.failed}`}
                    </Quiet>
                    <details className={styles.details}>
                      <summary>{words.details}</summary>
                      <pre>{JSON.stringify(shown(event), null, 2)}</pre>
                    </details>
                  </>
                }
              >
                <Link to="/operator/tenants/$tenant" params={{ tenant: refOf(event.tenant_id) }}>
                  {words.tenant}
                </Link>
              </Row>
            ))}
          </List>
          <More pages={rows} />
        </>
      )}
    </OperatorScreen>
  )
}

/** Without what only the chain needs. */
function shown({ hash: _, prev_hash: __, payload_hash: ___, ...event }: Record<string, unknown>) {
  return event
}

interface NarrowedProps {
  search: AuditSearch
  onSearch: (change: Partial<AuditSearch>) => void
}

function Narrowed({ search, onSearch }: NarrowedProps) {
  const filter = (name: keyof AuditSearch, label: string, type?: 'datetime-local') => (
    <TextFilter
      label={label}
      value={search[name]}
      {...(type && { type })}
      onValue={(value = '') => onSearch({ [name]: value })}
    />
  )
  return (
    <Filters>
      {filter('tenant', words.tenant)}
      {filter('action', words.action)}
      {filter('actor', words.actor)}
      {filter('target', words.target)}
      {filter('request_id', words.request)}
      {filter('since', words.from, 'datetime-local')}
      {filter('until', words.to, 'datetime-local')}
    </Filters>
  )
}
