import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
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
  const [name, setName] = useState(meter.name)
  const [groups, setGroups] = useState(meter.group_by.join(', '))
  const wanted = groupsIn(groups)
  const change = {
    ...(name.trim() !== meter.name && { name: name.trim() }),
    ...(wanted.join() !== meter.group_by.join() && { group_by: wanted }),
  }
  const isChanged = Object.keys(change).length > 0
  const saving = useMutation({
    mutationFn: (body: typeof change & { is_archived?: boolean }) => changeMeter(slug, meter.ref_id, body),
    onSuccess: async (changed) => {
      queries.setQueryData(meterQuery(slug, meter.slug).queryKey, changed)
      await queries.invalidateQueries({ queryKey: metersQuery(slug).queryKey })
    },
  })
  const errors = errorsOf(saving.error, ['/name', ...groupPointers])
  const isArchived = meter.archived_at !== null
  return (
    <CardForm
      title={words.meterSettings}
      isPending={saving.isPending}
      onSubmit={() => isChanged && saving.mutate(change)}
    >
      <p>{words.meterSettingsLead}</p>
      <Field
        name="/name"
        label={words.meterName}
        required
        maxLength={200}
        value={name}
        onValue={setName}
        error={errors.at('/name')}
      />
      <Groups value={groups} onValue={setGroups} at={errors.at} />
      {errors.rest && <Failure error={errors.rest} />}
      <Buttons>
        <Button type="submit" disabled={!isChanged || saving.isPending}>
          {saving.isPending ? words.working : words.save}
        </Button>
        <Button
          look="quiet"
          // What was typed would be lost.
          disabled={isChanged || saving.isPending}
          onClick={() => saving.mutate({ is_archived: !isArchived })}
        >
          {isArchived ? words.unarchive : words.archive}
        </Button>
      </Buttons>
      {isChanged && <Curl method="PATCH" path={`/usage/meters/${meter.slug}`} tenant={slug} body={change} />}
    </CardForm>
  )
}
