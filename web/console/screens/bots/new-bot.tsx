import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { botsQuery, createBot } from '../../api/bots.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { Curl } from '../../parts/curl.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { words } from './words/words.ts'

/** A bot that is not active yet. Its own screen has the rest. */
export function NewBot({ slug }: { slug: string }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const [phone, setPhone] = useState('')
  const body = { client_name: name, ...(phone.trim() && { client_phone: phone }) }
  const making = useMutation({
    mutationFn: () => createBot(slug, body),
    // Also after an answer that was lost: it may be there.
    onSettled: () => queries.invalidateQueries({ queryKey: botsQuery(slug).queryKey }),
    onSuccess: (made) => navigate({ to: '/t/$slug/bots/$bot', params: { slug, bot: made.ref_id } }),
  })
  const errors = errorsOf(making.error, ['/client_name', '/client_phone'])
  return (
    <CardForm title={words.newBot} isPending={making.isPending} onSubmit={making.mutate}>
      <Field
        name="/client_name"
        label={words.botName}
        required
        maxLength={200}
        value={name}
        onValue={setName}
        error={errors.at('/client_name')}
      />
      <Field
        name="/client_phone"
        type="tel"
        label={words.botPhone}
        hint={words.phoneHint}
        maxLength={20}
        value={phone}
        onValue={setPhone}
        error={errors.at('/client_phone')}
      />
      {errors.rest && <Failure error={errors.rest} />}
      <Buttons>
        <Button type="submit" isIdle={making.isPending}>
          {making.isPending ? words.working : words.createBot}
        </Button>
      </Buttons>
      {name && <Curl method="POST" path="/bots/bots" tenant={slug} body={body} />}
    </CardForm>
  )
}
