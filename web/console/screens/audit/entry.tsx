import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { type AuditEvent, auditEventQuery } from '../../api/audit.ts'
import { Code } from '../../parts/code.tsx'
import { type Change, Diff } from '../../parts/diff.tsx'
import { Facts } from '../../parts/facts.tsx'
import { Banner } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Moment } from '../../parts/when.tsx'
import { AuditScreen } from './frame.tsx'
import { actorOf } from './names.ts'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/audit/$seq')

/** One row of the log, with what it changed. */
export function AuditEntry() {
  const { seq } = route.useParams()
  return <AuditScreen>{({ slug }) => <Entry key={`${slug} ${seq}`} slug={slug} seq={seq} />}</AuditScreen>
}

function Entry({ slug, seq }: { slug: string; seq: string }) {
  const query = useQuery(auditEventQuery(slug, seq))
  if (!query.data || isRefused(query)) return <Pending queries={[query]} />
  const event = query.data
  const { changes, ...rest } = event.metadata
  const listed = changesIn(changes)
  /** What leads to the others like it. */
  const only = (search: { actor?: string; target?: string; request_id?: string }, text: string) => (
    <Link to="/t/$slug/audit" params={{ slug }} search={search}>
      {text}
    </Link>
  )
  return (
    <>
      <h2>{event.action}</h2>
      {event.is_failure && <Banner>{words.refusedOrFailed}</Banner>}
      <Facts
        of={[
          [words.entryNumber, event.seq],
          [words.when, <Moment key="at" at={event.created_at} />],
          [words.actor, event.actor_id ? only({ actor: event.actor_id }, actorOf(event)) : actorOf(event)],
          [
            words.target,
            event.target_id && only({ target: event.target_id }, event.target_name ?? event.target_id),
          ],
          [words.targetType, event.target_type],
          [words.product, event.product],
          [words.description, event.description],
          [words.component, event.component],
          [words.address, event.source_ip],
          [words.program, event.user_agent],
          [words.request, event.request_id && only({ request_id: event.request_id }, event.request_id)],
          [words.hash, <code key="hash">{event.hash}</code>],
          [words.prevHash, <code key="prev">{event.prev_hash}</code>],
        ]}
      />
      {listed.length > 0 && (
        <>
          <h2>{words.changes}</h2>
          <Diff label={words.changes} changes={listed} />
        </>
      )}
      {Object.keys(rest).length > 0 && (
        <>
          <h2>{words.details}</h2>
          <Code>{JSON.stringify(rest, null, 2)}</Code>
        </>
      )}
    </>
  )
}

/** As triggers write it: {"name": {"old": …, "new": …}}. */
function changesIn(changes: AuditEvent['metadata'][string]): Change[] {
  if (typeof changes !== 'object' || changes === null) return []
  return Object.entries(changes as Record<string, Record<string, unknown>>).map(([field, change]) => ({
    field,
    ...('old' in change && { before: change.old }),
    ...('new' in change && { after: change.new }),
    ...('is_redacted' in change && { isHidden: true }),
  }))
}
