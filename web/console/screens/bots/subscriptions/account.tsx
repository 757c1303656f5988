import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type MpesaAccount, mpesaQuery, setMpesa } from '../../../api/bot-subscriptions.ts'
import { Button } from '../../../parts/button.tsx'
import { Buttons, CardForm } from '../../../parts/card.tsx'
import { errorsOf } from '../../../parts/errors.ts'
import { Field } from '../../../parts/field.tsx'
import { Failure } from '../../../parts/notice.tsx'
import { isRefused, Pending } from '../../../parts/states.tsx'
import { words } from './words/words.ts'

const plain = ['shortcode', 'till_number', 'base_url'] as const
const secrets = ['consumer_key', 'consumer_secret', 'passkey'] as const
type Name = (typeof plain)[number] | (typeof secrets)[number]

interface Props {
  slug: string
  bot: string
  mayChange: boolean
}

/** Where contacts pay to. The secrets go out, and never come back. */
export function Account(props: Props) {
  const read = useQuery(mpesaQuery(props.slug, props.bot))
  if (read.data === undefined || isRefused(read)) return <Pending queries={[read]} />
  return <Form {...props} read={read.data} />
}

function Form({ slug, bot, mayChange, read }: Props & { read: MpesaAccount | null }) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState<Partial<Record<Name, string>>>({})
  const storedOf = (name: Name) =>
    name === 'shortcode' || name === 'till_number' || name === 'base_url' ? (read?.[name] ?? '') : ''
  const now = (name: Name) => (draft[name] ?? storedOf(name)).trim()
  const isDirty = [...plain, ...secrets].some((name) => now(name) !== storedOf(name))
  const saving = useMutation({
    mutationFn: () =>
      setMpesa(slug, bot, {
        shortcode: now('shortcode'),
        till_number: now('till_number') || null,
        ...(now('base_url') && { base_url: now('base_url') }),
        ...Object.fromEntries(secrets.flatMap((name) => (now(name) ? [[name, now(name)]] : []))),
      }),
    gcTime: 0,
    onSuccess: (saved) => {
      // The secrets go first of all.
      setDraft({})
      queries.setQueryData(mpesaQuery(slug, bot).queryKey, saved)
    },
  })
  const errors = errorsOf(
    saving.error,
    [...plain, ...secrets].map((name) => `/${name}`),
  )
  return (
    <CardForm title={words.account} isPending={saving.isPending} onSubmit={() => isDirty && saving.mutate()}>
      <p>{read ? words.hasAccount : words.noAccount}</p>
      {read?.last_problem && <p>{words.problem(read.last_problem)}</p>}
      {[...plain, ...secrets].map((name) => {
        const isSecret = name !== 'shortcode' && name !== 'till_number' && name !== 'base_url'
        return (
          <Field
            key={name}
            name={`/${name}`}
            label={words.field[name]}
            {...(isSecret && {
              type: 'password',
              autoComplete: 'off',
              hint: read ? words.stays : words.once,
            })}
            required={name === 'shortcode' || (isSecret && read === null)}
            disabled={!mayChange}
            value={draft[name] ?? storedOf(name)}
            onValue={(next) => setDraft((before) => ({ ...before, [name]: next }))}
            error={errors.at(`/${name}`)}
          />
        )
      })}
      {errors.rest && <Failure error={errors.rest} />}
      {mayChange && (
        <Buttons>
          <Button type="submit" isIdle={!isDirty || saving.isPending}>
            {saving.isPending ? words.working : words.save}
          </Button>
        </Buttons>
      )}
    </CardForm>
  )
}
