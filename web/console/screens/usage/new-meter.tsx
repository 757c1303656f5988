import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { makeMeter, metersQuery, type NewMeter as Wanted } from '../../api/meters.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { Select } from '../../parts/choice.tsx'
import { Curl } from '../../parts/curl.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { words } from './words/words.ts'

const aggregations = ['count', 'sum', 'unique', 'max', 'latest'] as const
const empty = { name: '', slug: null as string | null, type: '', value: '', groups: '' }

/** As text in a field, with commas. */
export const groupsIn = (text: string) => [
  ...new Set(
    text
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== ''),
  ),
]
/** Each of them has a pointer of its own. */
export const groupPointers = ['/group_by', ...[0, 1, 2, 3, 4, 5].map((n) => `/group_by/${n}`)]

/** A short name for the API, from the name for people. */
const slugOf = (name: string) =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64)
    .replace(/-+$/, '')

/** A form for another meter. */
export function NewMeter({ slug }: { slug: string }) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState(empty)
  const [aggregation, setAggregation] = useState<Wanted['aggregation']>('count')
  const set = (change: Partial<typeof empty>) => setDraft((before) => ({ ...before, ...change }))
  const wanted: Wanted = {
    slug: draft.slug ?? slugOf(draft.name),
    name: draft.name.trim(),
    event_type: draft.type.trim() || null,
    aggregation,
    value_property: aggregation === 'count' ? null : draft.value.trim() || null,
    group_by: groupsIn(draft.groups),
  }
  const making = useMutation({
    mutationFn: () => makeMeter(slug, wanted),
    onSuccess: () => setDraft(empty),
    // Also after an answer that was lost: it may be there.
    onSettled: () => queries.invalidateQueries({ queryKey: metersQuery(slug).queryKey }),
  })
  const errors = errorsOf(making.error, [
    ...['/name', '/slug', '/event_type', '/value_property'],
    ...groupPointers,
  ])
  return (
    <CardForm title={words.newMeter} isPending={making.isPending} onSubmit={making.mutate}>
      <Field
        name="/name"
        label={words.meterName}
        required
        maxLength={200}
        value={draft.name}
        onValue={(name) => set({ name })}
        error={errors.at('/name')}
      />
      <Field
        name="/slug"
        label={words.meterSlug}
        hint={words.meterSlugHint}
        required
        maxLength={64}
        value={wanted.slug}
        onValue={(next) => set({ slug: next })}
        error={errors.at('/slug')}
      />
      <Field
        name="/event_type"
        label={words.eventType}
        hint={words.eventTypeHint}
        maxLength={128}
        value={draft.type}
        onValue={(type) => set({ type })}
        error={errors.at('/event_type')}
      />
      <Select
        label={words.aggregation}
        options={aggregations.map((each) => [each, words.aggregations[each]] as const)}
        value={aggregation}
        onValue={setAggregation}
      />
      {aggregation !== 'count' && (
        <Field
          name="/value_property"
          label={words.valueProperty}
          hint={aggregation === 'unique' ? words.uniqueHint : words.valueHint}
          required
          maxLength={300}
          value={draft.value}
          onValue={(value) => set({ value })}
          error={errors.at('/value_property')}
        />
      )}
      <Groups value={draft.groups} onValue={(groups) => set({ groups })} at={errors.at} />
      {errors.rest && <Failure error={errors.rest} />}
      <Buttons>
        <Button type="submit" disabled={making.isPending}>
          {making.isPending ? words.working : words.makeMeter}
        </Button>
      </Buttons>
      {wanted.name !== '' && <Curl method="POST" path="/usage/meters" tenant={slug} body={wanted} />}
    </CardForm>
  )
}

interface GroupsProps {
  value: string
  onValue: (value: string) => void
  at: (pointer: string) => string | undefined
}

/** By which properties its readings can be split. */
export function Groups({ value, onValue, at }: GroupsProps) {
  const wrong = groupPointers.find((pointer) => at(pointer) !== undefined)
  return (
    <Field
      name="/group_by"
      label={words.groupBy}
      hint={words.groupByHint}
      maxLength={1500}
      value={value}
      onValue={onValue}
      error={wrong && at(wrong)}
    />
  )
}
