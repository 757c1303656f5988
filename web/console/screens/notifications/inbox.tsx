import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { markAllRead, markNotification, notificationsQuery } from '../../api/notifications.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons } from '../../parts/card.tsx'
import { Select } from '../../parts/choice.tsx'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { Failure } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Moment } from '../../parts/when.tsx'
import styles from './notifications.module.css'
import { Part } from './tabs.tsx'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/notifications')

/** What one is told in this tenant. Nobody else sees it. */
export function Inbox() {
  return <Part>{({ slug }) => <Told key={slug} slug={slug} />}</Part>
}

function Told({ slug }: { slug: string }) {
  const { status } = route.useSearch()
  const navigate = route.useNavigate()
  const queries = useQueryClient()
  const told = useInfiniteQuery(notificationsQuery(slug, status))
  const onSettled = () => queries.invalidateQueries({ queryKey: [slug, 'notifications'] })
  const marking = useMutation({
    mutationFn: ({ ref, ...mark }: { ref: string; is_read?: boolean; is_archived?: boolean }) =>
      markNotification(slug, ref, mark),
    onSettled,
  })
  const reading = useMutation({ mutationFn: (until: string) => markAllRead(slug, until), onSettled })
  if (!told.data || isRefused(told)) return <Pending queries={[told]} />
  const listed = told.data.pages.flatMap((page) => page.notifications)
  const newest = listed.find(({ read_at }) => read_at === null)
  const failure = marking.error ?? reading.error
  return (
    <>
      <Select
        label={words.show}
        value={status ?? ''}
        options={[
          ['', words.all],
          ['unread', words.unread],
        ]}
        onValue={(chosen) => void navigate({ search: chosen ? { status: chosen } : {} })}
      />
      {failure && <Failure error={failure} />}
      {newest && (
        <Buttons>
          <Button
            look="quiet"
            disabled={reading.isPending}
            onClick={() => listed[0] && reading.mutate(listed[0].ref_id)}
          >
            {words.markAll}
          </Button>
        </Buttons>
      )}
      {listed.length === 0 && <p>{words.nothingTold}</p>}
      <List label={words.inbox}>
        {listed.map(({ ref_id, message, category, is_critical, read_at, created_at }) => (
          <Row
            key={ref_id}
            label={message}
            className={read_at ? undefined : styles.unread}
            main={
              <>
                <span>{read_at ? message : <strong>{message}</strong>}</span>
                <Quiet>
                  {words.category[category] ?? category}
                  {is_critical && ` · ${words.critical}`} · <Moment at={created_at} />
                </Quiet>
              </>
            }
          >
            <Button
              look="quiet"
              disabled={marking.isPending}
              onClick={() => marking.mutate({ ref: ref_id, is_read: read_at === null })}
            >
              {read_at ? words.markUnread : words.markRead}
            </Button>
            <Button
              look="quiet"
              disabled={marking.isPending}
              onClick={() => marking.mutate({ ref: ref_id, is_archived: true })}
            >
              {words.archive}
            </Button>
          </Row>
        ))}
      </List>
      <More pages={told} />
    </>
  )
}
