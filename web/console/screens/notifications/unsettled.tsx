import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { settleMessage, unsettledQuery } from '../../api/messages.ts'
import { Button } from '../../parts/button.tsx'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { Failure } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Moment } from '../../parts/when.tsx'
import { words } from './words/words.ts'

/** The messages of which nobody knows whether they were sent. Nothing is shown where there are none. */
export function Unsettled({ slug, mayManage }: { slug: string; mayManage: boolean }) {
  const queries = useQueryClient()
  const unsettled = useInfiniteQuery(unsettledQuery(slug))
  const settling = useMutation({
    mutationFn: ({ ref, wasSent }: { ref: string; wasSent: boolean }) => settleMessage(slug, ref, wasSent),
    onSettled: () => queries.invalidateQueries({ queryKey: unsettledQuery(slug).queryKey }),
  })
  if (!unsettled.data || isRefused(unsettled)) return <Pending queries={[unsettled]} />
  const listed = unsettled.data.pages.flatMap((page) => page.unsettled_messages)
  if (listed.length === 0) return settling.error ? <Failure error={settling.error} /> : null
  return (
    <section aria-label={words.unsettled}>
      <h2>{words.unsettled}</h2>
      <p>{words.unsettledLead}</p>
      {settling.error && <Failure error={settling.error} />}
      <List label={words.unsettled}>
        {listed.map((each) => (
          <Row
            key={each.ref_id}
            label={`${each.type}, ${each.recipient ?? ''}`}
            main={
              <>
                <strong>{each.recipient ?? each.type}</strong>
                <Quiet>
                  {[words.channel[each.channel], ...(each.provider ? [each.provider] : []), each.type].join(
                    ' · ',
                  )}{' '}
                  · <Moment at={each.begun_at} />
                </Quiet>
              </>
            }
          >
            {mayManage &&
              [true, false].map((wasSent) => (
                <Button
                  key={String(wasSent)}
                  look="quiet"
                  onClick={() => settling.mutate({ ref: each.ref_id, wasSent })}
                >
                  {wasSent ? words.wasSent : words.wasNotSent}
                </Button>
              ))}
          </Row>
        ))}
      </List>
      <More pages={unsettled} />
    </section>
  )
}
