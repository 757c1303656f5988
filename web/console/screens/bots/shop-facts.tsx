import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import { type Bot, type BotChange, botQuery, botsQuery, changeBot } from '../../api/bots.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { Curl } from '../../parts/curl.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { isTwice, Profile, type ProfileText, profileOf, profilePointer, rowsOf } from './profile.tsx'
import { words } from './words/words.ts'

const names = [
  'client_name',
  'client_phone',
  'client_email',
  'point_of_contact_name',
  'point_of_contact_phone',
] as const
type Name = (typeof names)[number]
const kinds = {
  client_name: { label: words.botName, required: true, maxLength: 200 },
  client_phone: { label: words.botPhone, hint: words.phoneHint, type: 'tel', maxLength: 20 },
  client_email: { label: words.botEmail, type: 'email', maxLength: 320 },
  point_of_contact_name: { label: words.contactName, maxLength: 200 },
  point_of_contact_phone: { label: words.contactPhone, hint: words.phoneHint, type: 'tel', maxLength: 20 },
} as const

interface Draft {
  fields: Partial<Record<Name, string>>
  profile?: readonly ProfileText[]
}

/** What differs from what was read. What somebody else changes elsewhere meanwhile stays as they want it. */
function changeOf(read: Bot, { fields, profile }: Draft): BotChange {
  const changed = Object.entries(fields).filter(([name, value]) => value !== (read[name as Name] ?? ''))
  const texts = profile && profileOf(profile)
  return {
    ...Object.fromEntries(
      changed.map(([name, value]) => [name, name === 'client_name' ? value : value || null]),
    ),
    ...(texts && !isSame(texts, read.business_profile) && { business_profile: texts }),
  }
}

const isSame = (one: Record<string, string>, other: Record<string, string>) =>
  JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort())

/** Whom a bot speaks for, and what it may say of them. */
export function ShopFacts({ slug, read, mayChange }: { slug: string; read: Bot; mayChange: boolean }) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState<Draft>({ fields: {} })
  const rows = draft.profile ?? rowsOf(read.business_profile)
  const change = changeOf(read, draft)
  const isDirty = Object.keys(change).length > 0
  const saving = useMutation({
    mutationFn: (sent: { draft: Draft; body: BotChange }) => changeBot(slug, read.ref_id, sent.body),
    onSuccess: (saved, sent) => {
      queries.setQueryData(botQuery(slug, read.ref_id).queryKey, saved)
      // What was typed meanwhile stays.
      setDraft((now) => (now === sent.draft ? { fields: {} } : now))
      void queries.invalidateQueries({ queryKey: botsQuery(slug).queryKey, exact: true })
    },
  })
  useBlocker({ shouldBlockFn: () => isDirty && !confirm(words.unsaved), enableBeforeUnload: () => isDirty })
  const set = (some: Partial<Draft>) => {
    if (!saving.isIdle && !saving.isPending) saving.reset()
    setDraft((before) => ({ ...before, ...some }))
  }
  const errors = errorsOf(saving.error, [
    ...names.map((name) => `/${name}`),
    ...rows.map(({ name }) => profilePointer(name.trim())),
    '/business_profile',
  ])
  const isUnclear = rows.some((row) => isTwice(rows, row))
  return (
    <CardForm
      title={words.facts}
      isPending={saving.isPending}
      onSubmit={() => isDirty && !isUnclear && saving.mutate({ draft, body: change })}
    >
      {names.map((name) => (
        <Field
          key={name}
          {...kinds[name]}
          name={`/${name}`}
          disabled={!mayChange}
          value={draft.fields[name] ?? read[name] ?? ''}
          onValue={(value) => set({ fields: { ...draft.fields, [name]: value } })}
          error={errors.at(`/${name}`)}
        />
      ))}
      <Profile
        rows={rows}
        isDisabled={!mayChange}
        errorAt={errors.at}
        onRows={(profile) => set({ profile })}
      />
      {mayChange && (
        <>
          {errors.rest && <Failure error={errors.rest} />}
          <p role="status">{saving.isSuccess && !isDirty ? words.saved : ''}</p>
          <Buttons>
            <Button type="submit" isIdle={!isDirty || isUnclear || saving.isPending}>
              {saving.isPending ? words.working : words.save}
            </Button>
          </Buttons>
          {isDirty && <Curl method="PATCH" path={`/bots/bots/${read.ref_id}`} tenant={slug} body={change} />}
        </>
      )}
    </CardForm>
  )
}
