import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import { type Conversation, writeToContact } from '../../../api/bot-conversations.ts'
import { Button } from '../../../parts/button.tsx'
import { Buttons, CardForm } from '../../../parts/card.tsx'
import { Curl } from '../../../parts/curl.tsx'
import { errorsOf } from '../../../parts/errors.ts'
import { Field } from '../../../parts/field.tsx'
import { Failure } from '../../../parts/notice.tsx'
import { momentOf } from '../../../parts/when.tsx'
import type { Place } from './conversation.tsx'
import { words } from './words/words.ts'

interface Props {
  at: Place
  conversation: Conversation
  /** When the conversation was read, in milliseconds. */
  now: number
}

/** Writes to a contact, as long as WhatsApp and the contact let somebody write. */
export function Reply({ at: { slug, bot, contact }, conversation, now }: Props) {
  const queries = useQueryClient()
  const [text, setText] = useState('')
  const { is_opted_out, window_ends_at } = conversation
  const isInWindow = window_ends_at !== null && Date.parse(window_ends_at) > now
  const isOpen = isInWindow && !is_opted_out
  const sending = useMutation({
    mutationFn: (sent: string) => writeToContact(slug, bot, contact, sent),
    // What was typed meanwhile stays.
    onSuccess: (_, sent) => setText((typed) => (typed === sent ? '' : typed)),
    // A refusal too says that the conversation is not as it is shown.
    onSettled: () => queries.invalidateQueries({ queryKey: [slug, 'bots', bot, 'conversations'] }),
  })
  useBlocker({
    shouldBlockFn: () => text.trim() !== '' && !confirm(words.unsaved),
    enableBeforeUnload: () => text.trim() !== '',
  })
  const errors = errorsOf(sending.error, ['/text'])
  const isIdle = !isOpen || text.trim() === '' || sending.isPending
  return (
    <CardForm
      title={words.answerTitle}
      isPending={sending.isPending}
      onSubmit={() => !isIdle && sending.mutate(text)}
    >
      <p role="status">{whatMayBeWritten(is_opted_out, isInWindow, window_ends_at)}</p>
      <Field
        name="/text"
        label={words.text}
        hint={words.takesOver}
        required
        maxLength={4_096}
        lines={3}
        disabled={!isOpen}
        value={text}
        onValue={setText}
        error={errors.at('/text')}
      />
      {errors.rest && <Failure error={errors.rest} />}
      <Buttons>
        <Button type="submit" isIdle={isIdle}>
          {sending.isPending ? words.working : words.send}
        </Button>
      </Buttons>
      {!isIdle && (
        <Curl
          method="POST"
          path={`/bots/bots/${bot}/conversations/${contact}/messages`}
          tenant={slug}
          body={{ text: text.trim() }}
        />
      )}
    </CardForm>
  )
}

function whatMayBeWritten(isOptedOut: boolean, isInWindow: boolean, endsAt: string | null): string {
  if (isOptedOut) return words.maySendNothing
  return isInWindow && endsAt !== null ? words.windowOpen(momentOf(endsAt)) : words.windowClosed
}
