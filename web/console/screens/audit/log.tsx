import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { auditActionsQuery, auditQuery, exportAudit } from '../../api/audit.ts'
import { Button } from '../../parts/button.tsx'
import { Select } from '../../parts/choice.tsx'
import { Filters, MomentFilter, TextFilter } from '../../parts/filters.tsx'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { Failure } from '../../parts/notice.tsx'
import { usePortal } from '../../parts/portal.ts'
import { momentIn, oneOf } from '../../parts/search.ts'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Moment } from '../../parts/when.tsx'
import styles from './audit.module.css'
import { AuditScreen } from './frame.tsx'
import { actorOf } from './names.ts'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/audit')

/** What was done in a tenant, and by whom. */
export function AuditLog() {
  return <AuditScreen>{({ slug }) => <Log key={slug} slug={slug} />}</AuditScreen>
}

function Log({ slug }: { slug: string }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const portal = usePortal()
  const { data: actions = [] } = useQuery(auditActionsQuery)
  const since = momentIn(search.since)
  const until = momentIn(search.until)
  const outcome = oneOf(['true', 'false'] as const, search.is_failure)
  const log = useInfiniteQuery(
    auditQuery(slug, {
      ...(search.action && { action: search.action }),
      ...(search.actor && { actor: search.actor }),
      ...(search.target && { target: search.target }),
      ...(search.request_id && { request_id: search.request_id }),
      ...(since && { since }),
      ...(until && { until }),
      ...(outcome && { is_failure: outcome }),
    }),
  )
  const filter = (change: { [Name in keyof typeof search]?: string | undefined }) =>
    void navigate({
      search: (before) => ({ ...before, ...change }) as typeof search,
      replace: true,
      resetScroll: false,
    })
  return (
    <>
      <Filters>
        <Select
          label={words.action}
          options={[['', words.any], ...actions.map(({ action }) => [action, action] as const)]}
          value={search.action ?? ''}
          onValue={(action) => filter({ action: action || undefined })}
        />
        <Select
          label={words.outcome}
          options={[
            ['', words.any],
            ['false', words.done],
            ['true', words.refusedOrFailed],
          ]}
          value={outcome ?? ''}
          onValue={(next) => filter({ is_failure: next || undefined })}
        />
        <TextFilter label={words.actor} value={search.actor} onValue={(actor) => filter({ actor })} />
        <TextFilter label={words.target} value={search.target} onValue={(target) => filter({ target })} />
        <TextFilter
          label={words.request}
          value={search.request_id}
          onValue={(request) => filter({ request_id: request })}
        />
        <MomentFilter label={words.since} value={since} onValue={(next) => filter({ since: next })} />
        <MomentFilter label={words.until} value={until} onValue={(next) => filter({ until: next })} />
      </Filters>
      {!portal && <Export slug={slug} />}
      {!log.data || isRefused(log) ? (
        <Pending queries={[log]} />
      ) : (
        <>
          {log.data.pages[0]?.events.length === 0 && <p>{words.noEntries}</p>}
          <List label={words.entries}>
            {log.data.pages
              .flatMap((page) => page.events)
              .map((event) => (
                <Row
                  key={event.seq}
                  label={`${event.seq} ${event.action}`}
                  main={
                    <>
                      <Link to="/t/$slug/audit/$seq" params={{ slug, seq: String(event.seq) }}>
                        {event.action}
                      </Link>
                      {event.target_name && <span>{event.target_name}</span>}
                      <Quiet>
                        {event.seq} · <Moment at={event.created_at} />
                      </Quiet>
                    </>
                  }
                >
                  <span>{actorOf(event)}</span>
                  {event.is_failure && <span>{words.refusedOrFailed}</span>}
                </Row>
              ))}
          </List>
          <More pages={log} />
        </>
      )}
    </>
  )
}

/** The whole log, in a file. */
function Export({ slug }: { slug: string }) {
  const exporting = useMutation({
    mutationFn: async (format: 'csv' | 'jsonl') =>
      save(await exportAudit(slug, format), `audit-${slug}.${format}`),
  })
  return (
    <>
      <div className={styles.exports}>
        <Button look="quiet" disabled={exporting.isPending} onClick={() => exporting.mutate('csv')}>
          {words.exportCsv}
        </Button>
        <Button look="quiet" disabled={exporting.isPending} onClick={() => exporting.mutate('jsonl')}>
          {words.exportJsonLines}
        </Button>
      </div>
      {exporting.isPending && <p role="status">{words.working}</p>}
      {exporting.error && <Failure error={exporting.error} />}
    </>
  )
}

/** A link cannot say who asks for it. So the file is fetched, and given to the browser to save. */
function save(file: Blob, name: string) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  // The browser has to have begun.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
