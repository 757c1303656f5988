import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { discardDraft, publishDraft, scheduleDraft } from '../../api/frameworks.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, Card, CardForm } from '../../parts/card.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { ConflictDialog } from '../../parts/conflict.tsx'
import { Diff } from '../../parts/diff.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { isoOf } from '../../parts/local-time.ts'
import { Failure } from '../../parts/notice.tsx'
import { errorsIn, rebaseDraft } from './draft.ts'
import { differences, flatten, meetings, valueAt, wholesOf } from './flat.ts'
import { FrameworkScreen, type Here, Places } from './frame.tsx'
import { labelOf, named, textOf } from './labels.ts'
import { ScheduledChanges } from './scheduled.tsx'
import { words } from './words/words.ts'

/** What the draft changes, and how it reaches participants. */
export function Publish() {
  return (
    <FrameworkScreen>
      {(here) => (
        <>
          <DraftOf {...here} />
          <ScheduledChanges {...here} />
        </>
      )}
    </FrameworkScreen>
  )
}

function DraftOf({ slug, framework, mayManage, read }: Here) {
  const queries = useQueryClient()
  const [asked, setAsked] = useState<'publish' | 'discard' | null>(null)
  const [local, setLocal] = useState('')
  const refresh = () => queries.invalidateQueries({ queryKey: [slug, 'frameworks'] })
  /** What is there afterwards is read also when the answer was lost: then it may be done. */
  const settled = {
    onSettled() {
      setAsked(null)
      return refresh()
    },
  }
  const publishing = useMutation({ mutationFn: () => publishDraft(slug, framework, read.etag), ...settled })
  const discarding = useMutation({ mutationFn: () => discardDraft(slug, framework, read.etag), ...settled })
  const scheduling = useMutation({
    mutationFn: (at: string) => scheduleDraft(slug, framework, at, read.etag),
    onSuccess: () => setLocal(''),
    onSettled: refresh,
  })
  const errors = errorsOf(scheduling.error, ['/publish_at'])
  const failure = publishing.error ?? discarding.error ?? errors.rest
  const changes = Object.entries(differences(flatten(read.published), flatten(read.drafted)))
  const isMeeting = (read.draft?.conflicts.length ?? 0) > 0
  return (
    <>
      <Card title={words.whatChanges}>
        <p role="status">
          {[
            publishing.isSuccess && !read.draft && words.published,
            !read.draft && words.noDraft,
            read.draft && changes.length === 0 && words.noDifference,
          ]
            .filter(Boolean)
            .join(' ')}
        </p>
        {read.draft?.reason && <p>{read.draft.reason}</p>}
        {changes.length > 0 && <Diff label={words.whatChanges} changes={shown(read)} />}
        {failure && <Failure error={failure} />}
        <Places errors={errorsIn(publishing.error)} />
        {mayManage && read.draft && (
          <Buttons>
            <Button disabled={isMeeting || publishing.isPending} onClick={() => setAsked('publish')}>
              {words.publishNow}
            </Button>
            <Button look="quiet" onClick={() => setAsked('discard')}>
              {words.discard}
            </Button>
          </Buttons>
        )}
      </Card>
      {isMeeting && <Meeting {...{ slug, framework, mayManage, read }} />}
      {mayManage && read.draft && !isMeeting && (
        <CardForm
          title={words.schedule}
          isPending={scheduling.isPending}
          onSubmit={() => {
            const at = isoOf(local)
            if (at) scheduling.mutate(at)
          }}
        >
          <Field
            name="/publish_at"
            label={words.publishAt}
            hint={words.publishAtHint}
            type="datetime-local"
            required
            value={local}
            onValue={setLocal}
            error={errors.at('/publish_at')}
          />
          <Buttons>
            <Button type="submit" disabled={scheduling.isPending}>
              {words.schedule}
            </Button>
          </Buttons>
        </CardForm>
      )}
      <Confirm
        title={words.publishTitle}
        lead={words.publishLead}
        act={words.publishNow}
        isOpen={asked === 'publish'}
        isPending={publishing.isPending}
        onAct={publishing.mutate}
        onClose={() => setAsked(null)}
      />
      <Confirm
        title={words.discardTitle}
        lead={words.discardLead}
        act={words.discard}
        isOpen={asked === 'discard'}
        isPending={discarding.isPending}
        onAct={discarding.mutate}
        onClose={() => setAsked(null)}
      />
    </>
  )
}

/** Each value that differs. A thing that is new or gone is one of them, by its name. */
function shown({ published, drafted }: Here['read']) {
  const [from, to] = [flatten(published), flatten(drafted)]
  const isNewOrGone = (place: string) => (from[place] === undefined) !== (to[place] === undefined)
  return Object.keys(differences(from, to))
    .filter((pointer) => !wholesOf(pointer).slice(0, -1).some(isNewOrGone))
    .map((pointer) => ({
      field: labelOf(pointer, drafted, published),
      before: named(valueAt(published, pointer)),
      after: named(valueAt(drafted, pointer)),
    }))
}

/** A draft that meets what was published since. A person decides, place by place. */
function Meeting({ slug, framework, mayManage, read }: Here) {
  const queries = useQueryClient()
  const [isOpen, setOpen] = useState(false)
  const found = meetings(read)
  const deciding = useMutation({
    mutationFn: (kept: ReadonlySet<string>) => rebaseDraft(queries, slug, framework, read, kept),
    onSettled() {
      setOpen(false)
      return queries.invalidateQueries({ queryKey: [slug, 'frameworks', framework] })
    },
  })
  return (
    <Card title={words.meetsTitle}>
      <p>{words.meetsLead}</p>
      <ul>
        {found.map(({ pointer }) => (
          <li key={pointer}>{labelOf(pointer, read.drafted, read.published)}</li>
        ))}
      </ul>
      {deciding.error && <Failure error={deciding.error} />}
      {mayManage && (
        <Buttons>
          <Button disabled={deciding.isPending} onClick={() => setOpen(true)}>
            {words.decide}
          </Button>
        </Buttons>
      )}
      <ConflictDialog
        title={words.meetsTitle}
        conflicts={isOpen ? found : []}
        labelOf={(pointer) => labelOf(pointer, read.drafted, read.published)}
        textOf={textOf}
        onDecided={deciding.mutate}
      />
    </Card>
  )
}
