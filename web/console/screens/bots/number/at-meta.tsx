import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  type BotNumber,
  botNumberQuery,
  revealVerifyToken,
  rotateVerifyToken,
} from '../../../api/bot-number.ts'
import { Button } from '../../../parts/button.tsx'
import { Buttons, Card } from '../../../parts/card.tsx'
import { Confirm } from '../../../parts/confirm.tsx'
import { Facts } from '../../../parts/facts.tsx'
import { Failure } from '../../../parts/notice.tsx'
import { Copy } from '../../../parts/secret.tsx'
import { momentOf } from '../../../parts/when.tsx'
import { words } from './words/words.ts'

interface Props {
  slug: string
  bot: string
  number: BotNumber
  mayChange: boolean
  onToken: (token: string) => void
}

/** What is entered at Meta, under Webhooks. */
export function AtMeta({ slug, bot, number, mayChange, onToken }: Props) {
  const queries = useQueryClient()
  const [isAsked, setAsked] = useState(false)
  // What the server answers is kept where it is shown alone.
  const revealing = useMutation({
    mutationFn: async () => onToken(await revealVerifyToken(slug, bot)),
  })
  const rotating = useMutation({
    mutationFn: async () => onToken(await rotateVerifyToken(slug, bot)),
    onSettled: () => setAsked(false),
    onSuccess: () => queries.invalidateQueries({ queryKey: botNumberQuery(slug, bot).queryKey }),
  })
  const failure = revealing.error ?? rotating.error
  const { webhook_url, verify_token_made_at, previous_verify_token_expires_at: previous } = number
  return (
    <Card title={words.atMeta}>
      <p>{words.atMetaLead}</p>
      <Facts
        of={[
          [words.callback, <code key="url">{webhook_url}</code>],
          [words.tokenMade, momentOf(verify_token_made_at)],
          [words.tokenBefore, previous && words.countsUntil(momentOf(previous))],
        ]}
      />
      {failure && <Failure error={failure} />}
      <Buttons>
        <Copy text={webhook_url} label={words.copyCallback} />
        {mayChange && (
          <>
            <Button look="quiet" isIdle={revealing.isPending} onClick={() => revealing.mutate()}>
              {words.reveal}
            </Button>
            <Button look="quiet" onClick={() => setAsked(true)}>
              {words.rotate}
            </Button>
          </>
        )}
      </Buttons>
      <Confirm
        title={words.rotateTitle}
        lead={words.rotateLead}
        act={words.rotate}
        isOpen={isAsked}
        isPending={rotating.isPending}
        onAct={rotating.mutate}
        onClose={() => setAsked(false)}
      />
    </Card>
  )
}
