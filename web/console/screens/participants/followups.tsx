import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { followupsQuery, settleFollowup } from '../../api/participants.ts'
import { Button } from '../../parts/button.tsx'
import { Card } from '../../parts/card.tsx'
import { List, Quiet, Row } from '../../parts/list.tsx'
import { Failure } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Moment } from '../../parts/when.tsx'
import { words } from './words/words.ts'

/** The mails that somebody gets some time after the assessment. */
export function Followups({
  slug,
  participant,
  mayWrite,
}: {
  slug: string
  participant: string
  mayWrite: boolean
}) {
  const queries = useQueryClient()
  const followups = useQuery(followupsQuery(slug, participant))
  const settling = useMutation({
    mutationFn: ({ ref, how }: { ref: string; how: 'cancel' | 'send-now' }) => settleFollowup(slug, ref, how),
    onSettled: () => queries.invalidateQueries({ queryKey: followupsQuery(slug, participant).queryKey }),
  })
  if (!followups.data || isRefused(followups)) return <Pending queries={[followups]} />
  if (followups.data.length === 0) return null
  return (
    <Card title={words.followups}>
      {settling.error && <Failure error={settling.error} />}
      <List>
        {followups.data.map(({ ref_id, template, due_at, status, cancel_reason }) => (
          <Row
            key={ref_id}
            label={template}
            main={
              <>
                <strong>{template}</strong>
                <Quiet>
                  {words.followupStatus[status]}
                  {cancel_reason && ` (${words.cancelReason[cancel_reason]})`} · <Moment at={due_at} />
                </Quiet>
              </>
            }
          >
            {mayWrite && status === 'planned' && (
              <>
                <Button
                  look="quiet"
                  disabled={settling.isPending}
                  onClick={() => settling.mutate({ ref: ref_id, how: 'send-now' })}
                >
                  {words.sendNow}
                </Button>
                <Button
                  look="quiet"
                  disabled={settling.isPending}
                  onClick={() => settling.mutate({ ref: ref_id, how: 'cancel' })}
                >
                  {words.cancelFollowup}
                </Button>
              </>
            )}
          </Row>
        ))}
      </List>
    </Card>
  )
}
