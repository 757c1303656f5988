import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type ReplayWish, replay } from '../../api/webhooks.ts'
import { Button } from '../../parts/button.tsx'
import { CardForm } from '../../parts/card.tsx'
import { Select } from '../../parts/choice.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Curl } from '../../parts/curl.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { isoOf, localOf } from '../../parts/local-time.ts'
import { Failure } from '../../parts/notice.tsx'
import { numberOf } from '../../parts/when.tsx'
import { words } from './words/words.ts'

const dayAgo = () => localOf(new Date(Date.now() - 86_400_000).toISOString())

/** Many messages sent again. First how many that would be, and then they are. */
export function Replay({ slug, endpoint }: { slug: string; endpoint: string }) {
  const queries = useQueryClient()
  const [since, setSince] = useState(dayAgo)
  const [until, setUntil] = useState('')
  const [which, setWhich] = useState<ReplayWish['which']>('failed')
  const [isAsking, setAsking] = useState(false)
  const untilAt = isoOf(until)
  const wish: ReplayWish = { since: isoOf(since) ?? '', which, ...(untilAt && { until: untilAt }) }
  // Counted and sent are the same wish, also when the form changes meanwhile.
  const counting = useMutation({
    mutationFn: async (counted: ReplayWish) => ({
      counted,
      ...(await replay(slug, endpoint, counted, true)),
    }),
    onMutate: () => sending.reset(),
    onSuccess: ({ replayed }) => setAsking(replayed > 0),
  })
  const sending = useMutation({
    mutationFn: (counted: ReplayWish) => replay(slug, endpoint, counted, false),
    onSettled: () => setAsking(false),
    onSuccess: () => queries.invalidateQueries({ queryKey: [slug, 'webhooks'] }),
  })
  const found = counting.data
  const errors = errorsOf(counting.error ?? sending.error, ['/since', '/until'])
  const told = sending.data
    ? words.replayed(numberOf(sending.data.replayed))
    : found?.replayed === 0
      ? words.nothingToReplay
      : ''
  return (
    <>
      <CardForm
        title={words.replayTitle}
        isPending={counting.isPending}
        onSubmit={() => counting.mutate(wish)}
      >
        <Select
          label={words.replayWhich}
          options={[
            ['failed', words.which.failed],
            ['missing', words.which.missing],
            ['all', words.which.all],
          ]}
          value={which}
          onValue={setWhich}
        />
        <Field
          name="/since"
          type="datetime-local"
          label={words.since}
          required
          value={since}
          onValue={setSince}
          error={errors.at('/since')}
        />
        <Field
          name="/until"
          type="datetime-local"
          label={words.until}
          value={until}
          onValue={setUntil}
          error={errors.at('/until')}
        />
        {errors.rest && <Failure error={errors.rest} />}
        <p role="status">{told}</p>
        <Curl
          method="POST"
          path={`/webhooks/endpoints/${endpoint}/replay`}
          tenant={slug}
          body={{ ...wish, dry_run: true }}
        />
        <Button type="submit" disabled={counting.isPending}>
          {counting.isPending ? words.working : words.howMany}
        </Button>
      </CardForm>
      <Confirm
        title={words.replayConfirm(numberOf(found?.replayed ?? 0))}
        lead={found?.has_more ? words.replayMore : words.replayLead}
        act={words.sendAgain}
        isOpen={isAsking}
        isPending={sending.isPending}
        onAct={() => found && sending.mutate(found.counted)}
        onClose={() => setAsking(false)}
      />
    </>
  )
}
