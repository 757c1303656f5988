import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Schemas } from '../../../../lib/client/index.ts'
import { changeMeter, type Meter, meterQuery, metersQuery } from '../../api/meters.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { Curl } from '../../parts/curl.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { Groups, groupPointers, groupsIn } from './new-meter.tsx'
import { words } from './words/words.ts'

/** What can be changed of a meter. What it counts stays, so that what was measured keeps its meaning. */
export function MeterSettings({ slug, meter }: { slug: string; meter: Meter }) {
  const queries = useQueryClient()
  // Only what was typed. The rest is as the meter is, so the form stays when it was saved, and the focus with it.
  const [draft, setDraft] = useState<{ name?: string; groups?: string }>({})
  const { name, groups } = { name: meter.name, groups: meter.group_by.join(', '), ...draft }
  const wanted = groupsIn(groups)
  const change = {
    ...(name.trim() !== meter.name && { name: name.trim() }),
    ...(wanted.join() !== meter.group_by.join() && { group_by: wanted }),
  }
  const isChanged = Object.keys(change).length > 0
  const saving = useMutation({
    mutationFn: ({ body }: { body: Schemas['MeterChange']; from?: typeof draft }) =>
      changeMeter(slug, meter.ref_id, body),
    onSuccess: async (changed, { from }) => {
      queries.setQueryData(meterQuery(slug, meter.slug).queryKey, changed)
      // What was typed meanwhile stays.
      setDraft((now) => (now === from ? {} : now))
      await queries.invalidateQueries({ queryKey: metersQuery(slug).queryKey })
    },
  })
  const errors = errorsOf(saving.error, ['/name', ...groupPointers])
  const isArchived = meter.archived_at !== null
  return (
    <CardForm
      title={words.meterSettings}
      isPending={saving.isPending}
      onSubmit={() => isChanged && saving.mutate({ body: change, from: draft })}
    >
      <p>{words.meterSettingsLead}</p>
      <Field
        name="/name"
        label={words.meterName}
        required
        maxLength={200}
        value={name}
        onValue={(next) => setDraft({ ...draft, name: next })}
        error={errors.at('/name')}
      />
      <Groups value={groups} onValue={(next) => setDraft({ ...draft, groups: next })} at={errors.at} />
      {errors.rest && <Failure error={errors.rest} />}
      <Buttons>
        <Button type="submit" isIdle={!isChanged || saving.isPending}>
          {saving.isPending ? words.working : words.save}
        </Button>
        <Button
          look="quiet"
          // What was typed would be lost.
          isIdle={isChanged || saving.isPending}
          onClick={() => saving.mutate({ body: { is_archived: !isArchived } })}
        >
          {isArchived ? words.unarchive : words.archive}
        </Button>
      </Buttons>
      {isChanged && <Curl method="PATCH" path={`/usage/meters/${meter.slug}`} tenant={slug} body={change} />}
    </CardForm>
  )
}
