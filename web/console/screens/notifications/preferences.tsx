import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Preferences as Chosen, preferencesQuery, savePreferences } from '../../api/notifications.ts'
import { Button } from '../../parts/button.tsx'
import { CardForm } from '../../parts/card.tsx'
import { Check } from '../../parts/choice.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Phone } from './phone.tsx'
import { channels } from './search.ts'
import { Part } from './tabs.tsx'
import { words } from './words/words.ts'

/** By what one is told besides here, and when not. Managers choose for those who have not chosen. */
export function Preferences() {
  return (
    <Part>
      {({ slug, mayManage }) => (
        <>
          <Phone key={`${slug} phone`} slug={slug} />
          <Whose key={`${slug} own`} slug={slug} whose="own" title={words.ownPreferences} />
          {mayManage && (
            <Whose key={`${slug} default`} slug={slug} whose="default" title={words.defaultPreferences} />
          )}
        </>
      )}
    </Part>
  )
}

interface Props {
  slug: string
  whose: 'own' | 'default'
  title: string
}

function Whose(props: Props) {
  const chosen = useQuery(preferencesQuery(props.slug, props.whose))
  if (!chosen.data || isRefused(chosen)) return <Pending queries={[chosen]} />
  return <PreferencesForm {...props} read={chosen.data} />
}

const categories = Object.keys(words.category)

function PreferencesForm({ slug, whose, title, read }: Props & { read: Chosen }) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState<Partial<Chosen>>({})
  const now = { ...read, ...draft }
  const saving = useMutation({
    mutationFn: () => savePreferences(slug, whose, now),
    onSuccess: (saved) => {
      queries.setQueryData(preferencesQuery(slug, whose).queryKey, saved)
      setDraft({})
    },
  })
  const set = (change: Partial<Chosen>) => {
    if (!saving.isIdle) saving.reset()
    setDraft((before) => ({ ...before, ...change }))
  }
  // Leads are told by mail to those who ask for it. Everything else is, unless somebody says no.
  const isOn = (category: string, channel: (typeof channels)[number]) =>
    now.channels[category]?.[channel] ?? (channel === 'email' && category !== 'assessments')
  const errors = errorsOf(saving.error, ['/quiet_from', '/quiet_until', '/time_zone'])
  const clock = (name: 'quiet_from' | 'quiet_until', label: string) => (
    <Field
      name={`/${name}`}
      label={label}
      type="time"
      value={now[name] ?? ''}
      onValue={(value) => set({ [name]: value || null })}
      error={errors.at(`/${name}`)}
    />
  )
  return (
    <CardForm title={title} isPending={saving.isPending} onSubmit={saving.mutate}>
      <p>{words.preferencesHint}</p>
      {categories.map((category) => (
        <fieldset key={category}>
          <legend>{words.category[category]}</legend>
          {channels.map((channel) => (
            <Check
              key={channel}
              label={words.channel[channel]}
              isChecked={isOn(category, channel)}
              onChecked={(isIn) =>
                set({
                  channels: {
                    ...now.channels,
                    [category]: { ...now.channels[category], [channel]: isIn },
                  },
                })
              }
            />
          ))}
        </fieldset>
      ))}
      {clock('quiet_from', words.quietFrom)}
      {clock('quiet_until', words.quietUntil)}
      <Field
        name="/time_zone"
        label={words.timeZone}
        hint={words.timeZoneHint}
        maxLength={64}
        value={now.time_zone ?? ''}
        onValue={(value) => set({ time_zone: value || null })}
        error={errors.at('/time_zone')}
      />
      {errors.rest && <Failure error={errors.rest} />}
      <p role="status">{saving.isSuccess ? words.saved : ''}</p>
      <Button type="submit" disabled={Object.keys(draft).length === 0 || saving.isPending}>
        {saving.isPending ? words.working : words.save}
      </Button>
    </CardForm>
  )
}
