import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Scheduled } from '../../api/framework-parts.ts'
import { cancelScheduled, saveDraft, scheduledQuery } from '../../api/frameworks.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, Card } from '../../parts/card.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { List, Quiet, Row } from '../../parts/list.tsx'
import { Failure } from '../../parts/notice.tsx'
import { momentOf } from '../../parts/when.tsx'
import { placesSet } from './flat.ts'
import type { Here } from './frame.tsx'
import { labelOf } from './labels.ts'
import { words } from './words/words.ts'

/** What is published at a moment, and what could not be. */
export function ScheduledChanges({ slug, framework, mayManage, read }: Here) {
  const queries = useQueryClient()
  const { data: scheduled = [] } = useQuery(scheduledQuery(slug, framework))
  const [ending, setEnding] = useState<Scheduled | null>(null)
  const taking = useMutation({
    mutationFn: async ({ isKept, of }: { isKept: boolean; of: Scheduled }) => {
      const { base_version, change, reason, ref_id } = of
      // First kept, then cancelled: it is never nowhere.
      if (isKept)
        await saveDraft(slug, framework, { base_version, ...change, ...(reason && { reason }) }, '"0"')
      await cancelScheduled(slug, framework, ref_id)
    },
    onSettled: () => {
      setEnding(null)
      return queries.invalidateQueries({ queryKey: [slug, 'frameworks', framework] })
    },
  })
  if (scheduled.length === 0) return null
  const act = (text: string, isKept: boolean, look: 'main' | 'quiet') => (
    <Button
      look={look}
      disabled={taking.isPending}
      onClick={() => ending && taking.mutate({ isKept, of: ending })}
    >
      {text}
    </Button>
  )
  return (
    <Card title={words.scheduled}>
      <p>{words.inWhoseName}</p>
      {taking.error && <Failure error={taking.error} />}
      <List label={words.scheduled}>
        {scheduled.map((one) => (
          <Row
            key={one.ref_id}
            label={momentOf(one.publish_at)}
            main={
              <>
                <strong>
                  {one.status === 'suspended'
                    ? words.suspended
                    : words.scheduledFor(momentOf(one.publish_at))}
                </strong>
                {one.problem && <span lang="en">{one.problem.detail}</span>}
                {one.reason && <span>{one.reason}</span>}
                <Quiet>
                  {placesSet(read.columns, one.change)
                    .slice(0, 8)
                    .map(({ place }) => labelOf(place, read.published))
                    .join(', ')}
                </Quiet>
              </>
            }
          >
            {mayManage && (
              <Button look="quiet" onClick={() => setEnding(one)}>
                {words.takeBack}
              </Button>
            )}
          </Row>
        ))}
      </List>
      <Dialog
        title={words.takeBackTitle}
        lead={words.takeBackLead}
        isOpen={ending !== null}
        onClose={() => setEnding(null)}
      >
        <Buttons>
          {!read.draft && act(words.intoDraft, true, 'main')}
          {act(words.throwAway, false, 'quiet')}
          <Button look="quiet" onClick={() => setEnding(null)}>
            {words.cancel}
          </Button>
        </Buttons>
      </Dialog>
    </Card>
  )
}
