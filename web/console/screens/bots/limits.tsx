import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import {
  type BotSettings,
  type BotSettingsChange,
  botSettingsQuery,
  changeBotSettings,
} from '../../api/bots.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { Curl } from '../../parts/curl.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { words } from './words/words.ts'

const counts = { max_messages_per_hour: 100_000, max_messages_per_user_per_day: 10_000 }
const names = [
  'max_messages_per_hour',
  'max_messages_per_user_per_day',
  'escalation_email',
  'escalation_phone',
  'subscribe_words',
] as const
type Name = (typeof names)[number]
type Draft = Partial<Record<Name, string>>

/** How each is typed. */
const kinds = {
  max_messages_per_hour: { type: 'number', required: true, min: 1, max: counts.max_messages_per_hour },
  max_messages_per_user_per_day: {
    ...{ type: 'number', required: true, min: 1 },
    max: counts.max_messages_per_user_per_day,
  },
  escalation_email: { type: 'email', maxLength: 320 },
  escalation_phone: { type: 'tel', maxLength: 20 },
  subscribe_words: { required: true, maxLength: 500 },
} as const

const isCount = (name: string): name is keyof typeof counts => Object.hasOwn(counts, name)
const textOf = (read: BotSettings, name: Name) =>
  name === 'subscribe_words' ? read.subscribe_words.join(', ') : String(read[name] ?? '')

const typedValue = (name: string, typed: string) => {
  if (isCount(name)) return Number(typed)
  if (name !== 'subscribe_words') return typed.trim() || null
  return typed.split(',').flatMap((word) => word.trim() || [])
}

/** What differs from what was read. An address that is emptied is taken away. */
const changeOf = (read: BotSettings, draft: Draft): BotSettingsChange =>
  Object.fromEntries(
    Object.entries(draft)
      .filter(([name, typed]) => typed.trim() !== textOf(read, name as Name))
      .map(([name, typed]) => [name, typedValue(name, typed)]),
  )

interface Props {
  slug: string
  bot: string
  read: BotSettings
  mayChange: boolean
}

/** How much a bot answers, and whom it tells that somebody waits. */
export function Limits({ slug, bot, read, mayChange }: Props) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState<Draft>({})
  const change = changeOf(read, draft)
  const isDirty = Object.keys(change).length > 0
  const saving = useMutation({
    mutationFn: (sent: { draft: Draft; body: BotSettingsChange }) => changeBotSettings(slug, bot, sent.body),
    onSuccess: (saved, sent) => {
      queries.setQueryData(botSettingsQuery(slug, bot).queryKey, saved)
      // What was typed meanwhile stays.
      setDraft((now) => (now === sent.draft ? {} : now))
    },
  })
  useBlocker({ shouldBlockFn: () => isDirty && !confirm(words.unsaved), enableBeforeUnload: () => isDirty })
  const errors = errorsOf(
    saving.error,
    names.map((name) => `/${name}`),
  )
  return (
    <CardForm
      title={words.limits}
      isPending={saving.isPending}
      onSubmit={() => isDirty && saving.mutate({ draft, body: change })}
    >
      {names.map((name) => (
        <Field
          {...kinds[name]}
          key={name}
          name={`/${name}`}
          label={words.limit[name]}
          hint={words.limitHint[name]}
          disabled={!mayChange}
          value={draft[name] ?? textOf(read, name)}
          onValue={(typed) => {
            if (!saving.isIdle && !saving.isPending) saving.reset()
            setDraft((before) => ({ ...before, [name]: typed }))
          }}
          error={errors.at(`/${name}`)}
        />
      ))}
      {mayChange && (
        <>
          {errors.rest && <Failure error={errors.rest} />}
          <p role="status">{saving.isSuccess && !isDirty ? words.saved : ''}</p>
          <Buttons>
            <Button type="submit" isIdle={!isDirty || saving.isPending}>
              {saving.isPending ? words.working : words.save}
            </Button>
          </Buttons>
          {isDirty && <Curl method="PATCH" path={`/bots/bots/${bot}/settings`} tenant={slug} body={change} />}
        </>
      )}
    </CardForm>
  )
}
