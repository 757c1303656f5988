import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type Conversation, conversationQuery, handBack, takeOver } from '../../../api/bot-conversations.ts'
import { Button } from '../../../parts/button.tsx'
import { Buttons, Card } from '../../../parts/card.tsx'
import { Failure } from '../../../parts/notice.tsx'
import { momentOf } from '../../../parts/when.tsx'
import type { Place } from './conversation.tsx'
import { reasonOf } from './naming.ts'
import { words } from './words/words.ts'

interface Props {
  at: Place
  conversation: Conversation
  mayChange: boolean
}

/** Whether the bot or a person answers, and how that is changed. */
export function Answering({ at: { slug, bot, contact }, conversation, mayChange }: Props) {
  const queries = useQueryClient()
  const { queryKey } = conversationQuery(slug, bot, contact)
  const moving = useMutation({
    mutationFn: async (to: 'person' | 'bot') => {
      const moved = await (to === 'person' ? takeOver : handBack)(slug, bot, contact)
      // What was asked for before would come after this, and show the state before.
      await queries.cancelQueries({ queryKey, exact: true })
      return moved
    },
    onSuccess: (moved) => {
      queries.setQueryData(queryKey, moved)
      void queries.invalidateQueries({ queryKey: [slug, 'bots', bot, 'conversations'], refetchType: 'none' })
    },
  })
  const { taken_over_at, escalated_at } = conversation
  return (
    <Card title={words.answering}>
      <p role="status">{sentenceOf(conversation)}</p>
      {moving.error && <Failure error={moving.error} />}
      {mayChange && (
        <Buttons>
          {taken_over_at === null && (
            <Button isIdle={moving.isPending} onClick={() => moving.mutate('person')}>
              {words.takeOver}
            </Button>
          )}
          {(taken_over_at ?? escalated_at) !== null && (
            <Button look="quiet" isIdle={moving.isPending} onClick={() => moving.mutate('bot')}>
              {words.handBack}
            </Button>
          )}
        </Buttons>
      )}
    </Card>
  )
}

function sentenceOf({ taken_over_at, escalated_at, escalation_reason }: Conversation): string {
  const waits =
    escalated_at && escalation_reason
      ? `${words.waitsSince(momentOf(escalated_at))} ${reasonOf(escalation_reason)}`
      : ''
  if (taken_over_at) return `${words.personSince(momentOf(taken_over_at))} ${waits}`.trim()
  return waits || words.botAnswers
}
