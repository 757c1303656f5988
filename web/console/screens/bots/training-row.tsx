import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import {
  changeTrainingRow,
  deleteTrainingRow,
  type TrainingChange,
  type TrainingRow as TrainingRowData,
  trainingRowQuery,
} from '../../api/bot-training.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Curl } from '../../parts/curl.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Failure } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { BotScreen } from './frame.tsx'
import { type RowFields, RowFieldset, rowBody, rowPointers, typedRow } from './row-fields.tsx'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/bots/$bot/training/$row')

interface Props {
  slug: string
  bot: string
  row: string
  mayChange: boolean
}

/** One question and its answer. */
export function TrainingRow() {
  const { row } = route.useParams()
  return (
    <BotScreen managedBy="write" notManaged={words.trainingByWriters}>
      {({ slug, bot, mayChange }) => (
        <>
          <p>
            <Link to="/t/$slug/bots/$bot/training" params={{ slug, bot: bot.ref_id }}>
              {words.backToTraining}
            </Link>
          </p>
          <One key={row} slug={slug} bot={bot.ref_id} row={row} mayChange={mayChange} />
        </>
      )}
    </BotScreen>
  )
}

function One(props: Props) {
  const read = useQuery(trainingRowQuery(props.slug, props.bot, props.row))
  if (!read.data || isRefused(read)) return <Pending queries={[read]} />
  return <Editor {...props} read={read.data} />
}

/** What differs from what was read. What was a draft is active once it has an answer. */
function changeOf(read: TrainingRowData, draft: Partial<RowFields>): TrainingChange {
  const before = typedRow(read)
  const changed = Object.fromEntries(
    Object.entries(draft).filter(([name, value]) => value !== before[name as keyof RowFields]),
  ) as Partial<RowFields>
  const answered = changed.answer?.trim()
  return {
    ...rowBody(changed),
    ...(answered !== undefined && read.answer === null && { is_active: draft.is_active ?? true }),
    ...(answered === '' && { is_active: false }),
  }
}

function Editor({ slug, bot, row, mayChange, read }: Props & { read: TrainingRowData }) {
  const queries = useQueryClient()
  const navigate = route.useNavigate()
  const [draft, setDraft] = useState<Partial<RowFields>>({})
  const [isLeaving, setLeaving] = useState(false)
  const now = { ...typedRow(read), ...(read.answer === null && { is_active: true }), ...draft }
  const change = changeOf(read, draft)
  const isDirty = Object.keys(change).length > 0
  const list = { queryKey: [slug, 'bots', bot, 'training'] }
  const { queryKey } = trainingRowQuery(slug, bot, row)
  const saving = useMutation({
    mutationFn: (sent: { draft: Partial<RowFields>; body: TrainingChange }) =>
      changeTrainingRow(slug, bot, row, sent.body),
    onSuccess: (saved, sent) => {
      queries.setQueryData(queryKey, saved)
      setDraft((latest) => (latest === sent.draft ? {} : latest))
      void queries.invalidateQueries({ ...list, refetchType: 'none' })
    },
  })
  const removing = useMutation({
    mutationFn: () => deleteTrainingRow(slug, bot, row),
    onSettled: () => setLeaving(false),
    onSuccess: async () => {
      await navigate({
        to: '/t/$slug/bots/$bot/training',
        params: { slug, bot },
        search: {},
        ignoreBlocker: true,
      })
      queries.removeQueries({ queryKey })
      await queries.invalidateQueries(list)
    },
  })
  useBlocker({ shouldBlockFn: () => isDirty && !confirm(words.unsaved), enableBeforeUnload: () => isDirty })
  const errors = errorsOf(saving.error, rowPointers)
  const failure = errors.rest ?? removing.error
  return (
    <CardForm
      title={words.question}
      isPending={saving.isPending}
      onSubmit={() => isDirty && saving.mutate({ draft, body: change })}
    >
      <RowFieldset
        now={now}
        isDisabled={!mayChange}
        errorAt={errors.at}
        onSet={(some) => {
          if (!saving.isIdle && !saving.isPending) saving.reset()
          setDraft((before) => ({ ...before, ...some }))
        }}
      />
      {mayChange && (
        <>
          {failure && <Failure error={failure} />}
          <p role="status">{saving.isSuccess && !isDirty ? words.saved : ''}</p>
          <Buttons>
            <Button type="submit" isIdle={!isDirty || saving.isPending}>
              {saving.isPending ? words.working : words.save}
            </Button>
            <Button look="quiet" onClick={() => setLeaving(true)}>
              {words.remove}
            </Button>
          </Buttons>
          {isDirty && (
            <Curl
              method="PATCH"
              path={`/bots/bots/${bot}/training-data/${row}`}
              tenant={slug}
              body={change}
            />
          )}
        </>
      )}
      <Confirm
        title={words.removeRowTitle}
        lead={words.removeRowLead}
        act={words.remove}
        isOpen={isLeaving}
        isPending={removing.isPending}
        onAct={removing.mutate}
        onClose={() => setLeaving(false)}
      />
    </CardForm>
  )
}
