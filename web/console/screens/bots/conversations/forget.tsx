import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { conversationQuery, forgetContact } from '../../../api/bot-conversations.ts'
import { Button } from '../../../parts/button.tsx'
import { Confirm } from '../../../parts/confirm.tsx'
import { Failure } from '../../../parts/notice.tsx'
import type { Place } from './conversation.tsx'
import { words } from './words/words.ts'

/** Erases a contact after a question. */
export function Forget({ at: { slug, bot, contact }, name }: { at: Place; name: string }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [isLeaving, setLeaving] = useState(false)
  const forgetting = useMutation({
    mutationFn: () => forgetContact(slug, bot, contact),
    onSettled: () => setLeaving(false),
    onSuccess: async () => {
      // There is nobody any more to whom what was typed could be sent.
      await navigate({
        to: '/t/$slug/bots/$bot/conversations',
        params: { slug, bot },
        search: {},
        ignoreBlocker: true,
      })
      queries.removeQueries({ queryKey: conversationQuery(slug, bot, contact).queryKey })
      await queries.invalidateQueries({ queryKey: [slug, 'bots', bot, 'conversations'] })
    },
  })
  return (
    <>
      {forgetting.error && <Failure error={forgetting.error} />}
      <p>
        <Button look="quiet" onClick={() => setLeaving(true)}>
          {words.forgetTitle}
        </Button>
      </p>
      <Confirm
        title={words.forgetQuestion(name)}
        lead={words.forgetLead}
        act={words.forget}
        isOpen={isLeaving}
        isPending={forgetting.isPending}
        onAct={forgetting.mutate}
        onClose={() => setLeaving(false)}
      />
    </>
  )
}
