import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  type BotNumber,
  botNumberQuery,
  type NumberProblem,
  removeBotNumber,
  verifyBotNumber,
} from '../../../api/bot-number.ts'
import { Button } from '../../../parts/button.tsx'
import { Buttons, Card } from '../../../parts/card.tsx'
import { Confirm } from '../../../parts/confirm.tsx'
import { Facts } from '../../../parts/facts.tsx'
import { Failure } from '../../../parts/notice.tsx'
import { momentOf } from '../../../parts/when.tsx'
import { words } from './words/words.ts'

interface Props {
  slug: string
  bot: string
  number: BotNumber
  mayChange: boolean
}

/** Whether Meta knows the number, and what it said of it last. */
export function State({ slug, bot, number, mayChange }: Props) {
  const queries = useQueryClient()
  const [isLeaving, setLeaving] = useState(false)
  const { queryKey } = botNumberQuery(slug, bot)
  const verifying = useMutation({
    mutationFn: () => verifyBotNumber(slug, bot),
    onSuccess: (found) => queries.setQueryData(queryKey, found),
  })
  const removing = useMutation({
    mutationFn: () => removeBotNumber(slug, bot),
    onSettled: () => setLeaving(false),
    onSuccess: () => queries.setQueryData(queryKey, null),
  })
  const failure = verifying.error ?? removing.error
  const { verified_at, whatsapp_token_expires_at, last_checked_at, paused_at, paused_reason } = number
  return (
    <Card title={words.state}>
      <div role="status">
        <p>{number.is_verified ? words.verified : words.notVerified}</p>
        {paused_at !== null && <p>{words.paused(momentOf(paused_at), pauseOf(paused_reason))}</p>}
        {number.last_problem && <Found problem={number.last_problem} />}
      </div>
      <Facts
        of={[
          [words.phone, number.display_phone_number],
          [words.name, number.verified_name],
          [words.verifiedAt, verified_at && momentOf(verified_at)],
          [words.tokenEnds, whatsapp_token_expires_at && momentOf(whatsapp_token_expires_at)],
          [words.checkedAt, last_checked_at && momentOf(last_checked_at)],
        ]}
      />
      {failure && <Failure error={failure} />}
      {mayChange && (
        <Buttons>
          <Button isIdle={verifying.isPending} onClick={() => verifying.mutate()}>
            {verifying.isPending ? words.asking : words.verify}
          </Button>
          <Button look="quiet" onClick={() => setLeaving(true)}>
            {words.remove}
          </Button>
        </Buttons>
      )}
      <Confirm
        title={words.removeTitle}
        lead={words.removeLead}
        act={words.remove}
        isOpen={isLeaving}
        isPending={removing.isPending}
        onAct={removing.mutate}
        onClose={() => setLeaving(false)}
      />
    </Card>
  )
}

/** In the language of the person. English is the server's. */
function Found({ problem: { code, detail } }: { problem: NumberProblem }) {
  const said = words.problems[code]
  return said ? <p>{said}</p> : <p lang="en">{detail}</p>
}

const pauseOf = (reason: string | null) => (reason === 'token_invalid' ? words.tokenInvalid : (reason ?? ''))
