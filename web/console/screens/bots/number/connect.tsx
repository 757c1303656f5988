import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import { type BotNumber, botNumberQuery, setBotNumber } from '../../../api/bot-number.ts'
import { Button } from '../../../parts/button.tsx'
import { Buttons, CardForm } from '../../../parts/card.tsx'
import { Curl } from '../../../parts/curl.tsx'
import { errorsOf } from '../../../parts/errors.ts'
import { Field } from '../../../parts/field.tsx'
import { Failure } from '../../../parts/notice.tsx'
import { words } from './words/words.ts'

const ids = ['whatsapp_phone_number_id', 'whatsapp_business_account_id'] as const
const secrets = ['access_token', 'app_secret'] as const
type Draft = Partial<Record<(typeof ids)[number] | (typeof secrets)[number], string>>

interface Props {
  slug: string
  bot: string
  read: BotNumber | null
  mayChange: boolean
  onToken: (token: string) => void
}

/** Which number it is, and with what Meta lets it send. The secrets go out, and never come back. */
export function Connect({ slug, bot, read, mayChange, onToken }: Props) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState<Draft>({})
  const [isSaved, setSaved] = useState(false)
  const now = (name: keyof Draft) => (draft[name] ?? (isId(name) && read ? read[name] : '')).trim()
  const isDirty = [...ids, ...secrets].some((name) => now(name) !== (isId(name) && read ? read[name] : ''))
  // The token of one number opens no other.
  const isOther = read !== null && ids.some((name) => now(name) !== read[name])
  const body = {
    whatsapp_phone_number_id: now('whatsapp_phone_number_id'),
    whatsapp_business_account_id: now('whatsapp_business_account_id'),
    ...Object.fromEntries(secrets.flatMap((name) => (now(name) ? [[name, now(name)]] : []))),
  }
  const saving = useMutation({
    mutationFn: (sent: { draft: Draft; body: typeof body }) => setBotNumber(slug, bot, sent.body),
    // What was sent holds secrets.
    gcTime: 0,
    onSuccess: ({ number, token }, sent) => {
      queries.setQueryData(botNumberQuery(slug, bot).queryKey, number)
      setDraft((latest) => (latest === sent.draft ? {} : latest))
      if (token !== null) onToken(token)
      setSaved(true)
      saving.reset()
    },
  })
  useBlocker({ shouldBlockFn: () => isDirty && !confirm(words.unsaved), enableBeforeUnload: () => isDirty })
  const errors = errorsOf(
    saving.error,
    [...ids, ...secrets].map((name) => `/${name}`),
  )
  const field = (name: keyof Draft) => ({
    name: `/${name}`,
    label: words.field[name],
    required: isId(name) || read === null || (isOther && name === 'access_token'),
    disabled: !mayChange,
    value: draft[name] ?? (isId(name) && read ? read[name] : ''),
    error: errors.at(`/${name}`),
    onValue: (value: string) => {
      if (saving.isError) saving.reset()
      setSaved(false)
      setDraft((before) => ({ ...before, [name]: value }))
    },
  })
  return (
    <CardForm
      title={read ? words.change : words.connect}
      isPending={saving.isPending}
      onSubmit={() => isDirty && saving.mutate({ draft, body })}
    >
      {ids.map((name) => (
        <Field {...field(name)} key={name} hint={words.idHint[name]} inputMode="numeric" maxLength={30} />
      ))}
      {mayChange &&
        secrets.map((name) => (
          <Field
            {...field(name)}
            key={name}
            hint={hintOf(read !== null && !(isOther && name === 'access_token'))}
            type="password"
            autoComplete="off"
            maxLength={4_096}
          />
        ))}
      {errors.rest && <Failure error={errors.rest} />}
      <p role="status">{isSaved && !isDirty ? words.saved : ''}</p>
      {mayChange && (
        <Buttons>
          <Button type="submit" isIdle={!isDirty || saving.isPending}>
            {saving.isPending ? words.working : words.save}
          </Button>
        </Buttons>
      )}
      {isDirty && (
        <Curl
          method="PUT"
          path={`/bots/bots/${bot}/number`}
          tenant={slug}
          // The secrets themselves would stay in the history of a command line.
          body={{
            ...body,
            ...Object.fromEntries(secrets.flatMap((name) => (now(name) ? [[name, `<${name}>`]] : []))),
          }}
        />
      )}
    </CardForm>
  )
}

const isId = (name: string): name is (typeof ids)[number] => ids.some((id) => id === name)
const hintOf = (isStored: boolean) => (isStored ? words.secretStays : words.secretOnce)
