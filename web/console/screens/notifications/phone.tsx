import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  askForPhone,
  confirmPhone,
  type PhoneNumber,
  phoneQuery,
  removePhone,
} from '../../api/notifications.ts'
import { Button } from '../../parts/button.tsx'
import { CardForm } from '../../parts/card.tsx'
import { Select } from '../../parts/choice.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { words } from './words/words.ts'

/** One's own number: nothing is sent to it before its code was entered. */
export function Phone({ slug }: { slug: string }) {
  const known = useQuery(phoneQuery(slug))
  const [isNew, setIsNew] = useState(false)
  if (!known.data || isRefused(known)) return <Pending queries={[known]} />
  const { asked } = known.data
  return asked && !isNew ? (
    <CodeForm key={asked.phone} slug={slug} phone={asked.phone} onOther={() => setIsNew(true)} />
  ) : (
    <NumberForm slug={slug} known={known.data} onAsked={() => setIsNew(false)} />
  )
}

function NumberForm({ slug, known, onAsked }: { slug: string; known: PhoneNumber; onAsked: () => void }) {
  const queries = useQueryClient()
  const [phone, setPhone] = useState('')
  const [channel, setChannel] = useState<'sms' | 'whatsapp'>('sms')
  const asking = useMutation({
    mutationFn: () => askForPhone(slug, { phone: phone.replace(/[ ()-]/g, ''), channel }),
    onSuccess: (now) => {
      queries.setQueryData(phoneQuery(slug).queryKey, now)
      onAsked()
    },
  })
  const removing = useMutation({
    mutationFn: () => removePhone(slug),
    onSettled: () => queries.invalidateQueries({ queryKey: phoneQuery(slug).queryKey }),
  })
  const errors = errorsOf(asking.error, ['/phone'])
  return (
    <CardForm title={words.ownNumber} isPending={asking.isPending} onSubmit={asking.mutate}>
      <p>{words.ownNumberHint}</p>
      <p role="status">
        {known.phone ? words.numberIs(known.phone, known.verified_at !== null) : words.noNumber}
      </p>
      <Field
        name="/phone"
        label={words.number}
        hint={words.numberHint}
        type="tel"
        autoComplete="tel"
        maxLength={30}
        required
        value={phone}
        onValue={setPhone}
        error={errors.at('/phone')}
      />
      <Select
        label={words.codeBy}
        value={channel}
        options={[
          ['sms', words.channel.sms],
          ['whatsapp', words.channel.whatsapp],
        ]}
        onValue={(value) => setChannel(value === 'whatsapp' ? 'whatsapp' : 'sms')}
      />
      {errors.rest && <Failure error={errors.rest} />}
      {removing.error && <Failure error={removing.error} />}
      <Button type="submit" disabled={asking.isPending}>
        {asking.isPending ? words.working : words.sendCode}
      </Button>
      {known.phone && (
        <Button look="quiet" onClick={() => removing.mutate()}>
          {words.removeNumber}
        </Button>
      )}
    </CardForm>
  )
}

function CodeForm({ slug, phone, onOther }: { slug: string; phone: string; onOther: () => void }) {
  const queries = useQueryClient()
  const [code, setCode] = useState('')
  const entering = useMutation({
    mutationFn: () => confirmPhone(slug, code.trim()),
    onSuccess: (now) => queries.setQueryData(phoneQuery(slug).queryKey, now),
  })
  const errors = errorsOf(entering.error, ['/code'])
  return (
    <CardForm title={words.ownNumber} isPending={entering.isPending} onSubmit={entering.mutate}>
      <p role="status">{words.codeSent(phone)}</p>
      <Field
        name="/code"
        label={words.code}
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={6}
        required
        value={code}
        onValue={setCode}
        error={errors.at('/code')}
      />
      {errors.rest && <Failure error={errors.rest} />}
      <Button type="submit" disabled={entering.isPending}>
        {entering.isPending ? words.working : words.confirmNumber}
      </Button>
      <Button look="quiet" onClick={onOther}>
        {words.otherNumber}
      </Button>
    </CardForm>
  )
}
