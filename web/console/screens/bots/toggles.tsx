import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type BotSettings, botSettingsQuery, changeBotSettings } from '../../api/bots.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { Check } from '../../parts/choice.tsx'
import { Curl } from '../../parts/curl.tsx'
import { Quiet } from '../../parts/list.tsx'
import { Failure } from '../../parts/notice.tsx'
import { words } from './words/words.ts'

const names = [
  'is_bot_enabled',
  'enable_auto_reply',
  'is_typing_shown',
  'enable_ai_responses',
  'enable_training_mode',
  'enable_payment_flow',
  'log_conversations',
] as const
type Draft = Partial<Record<(typeof names)[number], boolean>>

interface Props {
  slug: string
  bot: string
  read: BotSettings
  mayChange: boolean
}

/** What a bot may do, each with what that means. */
export function Toggles({ slug, bot, read, mayChange }: Props) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState<Draft>({})
  const change: Draft = Object.fromEntries(
    Object.entries(draft).filter(([name, to]) => read[name as keyof Draft] !== to),
  )
  const isDirty = Object.keys(change).length > 0
  const saving = useMutation({
    mutationFn: (sent: { draft: Draft; body: Draft }) => changeBotSettings(slug, bot, sent.body),
    onSuccess: (saved, sent) => {
      queries.setQueryData(botSettingsQuery(slug, bot).queryKey, saved)
      setDraft((now) => (now === sent.draft ? {} : now))
    },
  })
  return (
    <CardForm
      title={words.toggles}
      isPending={saving.isPending}
      onSubmit={() => isDirty && saving.mutate({ draft, body: change })}
    >
      {names.map((name) => (
        <Check
          key={name}
          label={
            <>
              {words.toggle[name]}
              <br />
              <Quiet>{words.toggleHint[name]}</Quiet>
            </>
          }
          isChecked={draft[name] ?? read[name]}
          isDisabled={!mayChange}
          onChecked={(to) => {
            if (!saving.isIdle && !saving.isPending) saving.reset()
            setDraft((before) => ({ ...before, [name]: to }))
          }}
        />
      ))}
      {mayChange && (
        <>
          {saving.error && <Failure error={saving.error} />}
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
