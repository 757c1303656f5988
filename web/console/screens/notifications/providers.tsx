import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  type Channel,
  type Provider,
  type ProviderSettings,
  providersQuery,
  removeProvider,
  saveProvider,
  testProvider,
} from '../../api/messages.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { Check, Select } from '../../parts/choice.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { momentOf } from '../../parts/when.tsx'
import { channels } from './search.ts'
import { Part } from './tabs.tsx'
import { words } from './words/words.ts'

/** What each provider wants to know, by the names that it has for them. A ? may be left out. */
const settings = {
  smtp: ['host', 'port', 'user?', 'from_email', 'from_name?'],
  sendgrid: ['from_email', 'from_name?', 'event_key?'],
  ses: ['region', 'access_key_id', 'from_email', 'from_name?', 'topic_arn?'],
  twilio: ['account_sid', 'from?', 'messaging_service_sid?'],
  msg91: ['template_id'],
  whatsapp_business_api: ['phone_number_id', 'template', 'verify_token?'],
} as const
type Name = keyof typeof settings

const byChannel: Record<Channel, readonly Name[]> = {
  email: ['smtp', 'sendgrid', 'ses'],
  sms: ['twilio', 'msg91'],
  whatsapp: ['whatsapp_business_api'],
}
const withCallbackSecret: readonly Name[] = ['msg91', 'whatsapp_business_api']

/** By whom messages are sent, for each channel. Without one of the tenant's own it is the platform's. */
export function Providers() {
  return (
    <Part needs="read_admin">
      {({ slug, mayManage }) => <All key={slug} slug={slug} mayManage={mayManage} />}
    </Part>
  )
}

function All({ slug, mayManage }: { slug: string; mayManage: boolean }) {
  const providers = useQuery(providersQuery(slug))
  if (!providers.data || isRefused(providers)) return <Pending queries={[providers]} />
  return channels.map((channel) => {
    const read = providers.data.find((each) => each.channel === channel)
    return (
      <OfChannel
        // The key: what was typed goes when it is saved, the secret first of all.
        key={`${channel} ${read?.updated_at}`}
        slug={slug}
        channel={channel}
        read={read}
        mayManage={mayManage}
      />
    )
  })
}

interface Props {
  slug: string
  channel: Channel
  read: Provider | undefined
  mayManage: boolean
}

const textsOf = (config: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(config).map(([name, value]) => [name, String(value ?? '')]))

function OfChannel({ slug, channel, read, mayManage }: Props) {
  const queries = useQueryClient()
  const [provider, setProvider] = useState<Name>(read?.provider ?? byChannel[channel][0]!)
  const [config, setConfig] = useState(() => textsOf(read?.config ?? {}))
  const [secret, setSecret] = useState('')
  const [callbackSecret, setCallbackSecret] = useState('')
  const [isActive, setActive] = useState(read?.is_active ?? true)
  const [to, setTo] = useState('')
  const [isLeaving, setLeaving] = useState(false)
  const refresh = () => queries.invalidateQueries({ queryKey: providersQuery(slug).queryKey })
  const saving = useMutation({
    mutationFn: () => {
      const given = settings[provider].map((each) => each.replace('?', '')).filter((name) => config[name])
      const body = {
        provider,
        config: Object.fromEntries(
          given.map((name) => [name, name === 'port' ? Number(config[name]) : config[name]]),
        ),
        ...(secret && { secret }),
        ...(callbackSecret && { callback_secret: callbackSecret }),
        is_active: isActive,
      }
      // The server judges: each provider wants something else.
      return saveProvider(slug, channel, body as unknown as ProviderSettings)
    },
    onSuccess: refresh,
  })
  const testing = useMutation({ mutationFn: () => testProvider(slug, channel, to), onSettled: refresh })
  const removing = useMutation({
    mutationFn: () => removeProvider(slug, channel),
    onSettled: () => setLeaving(false),
    onSuccess: refresh,
  })
  const errors = errorsOf(saving.error, [
    '/secret',
    '/callback_secret',
    ...settings[provider].map((each) => `/config/${each.replace('?', '')}`),
  ])
  const failure = errors.rest ?? testing.error ?? removing.error
  const state = !read
    ? words.platformSends
    : read.last_error
      ? words.testFailed(read.last_error)
      : read.verified_at
        ? words.verified(momentOf(read.verified_at))
        : words.unverified

  return (
    <CardForm title={words.channel[channel]} isPending={saving.isPending} onSubmit={saving.mutate}>
      <p role="status">{state}</p>
      {mayManage && (
        <>
          <Select
            label={words.provider}
            value={provider}
            options={byChannel[channel].map((each) => [each, each] as const)}
            onValue={setProvider}
          />
          {settings[provider].map((each) => {
            const name = each.replace('?', '')
            return (
              <Field
                key={name}
                name={`/config/${name}`}
                label={name}
                required={name === each}
                {...(name === 'port' && { inputMode: 'numeric' })}
                value={config[name] ?? ''}
                onValue={(value) => setConfig((before) => ({ ...before, [name]: value }))}
                error={errors.at(`/config/${name}`)}
              />
            )
          })}
          <Field
            name="/secret"
            type="password"
            autoComplete="off"
            label={words.secret}
            hint={read?.has_secret ? words.secretStays : words.secretOnce}
            maxLength={4096}
            value={secret}
            onValue={setSecret}
            error={errors.at('/secret')}
          />
          {withCallbackSecret.includes(provider) && (
            <Field
              name="/callback_secret"
              type="password"
              autoComplete="off"
              label={words.callbackSecret}
              {...(read?.has_callback_secret && { hint: words.secretStays })}
              maxLength={4096}
              value={callbackSecret}
              onValue={setCallbackSecret}
              error={errors.at('/callback_secret')}
            />
          )}
          <Check label={words.isUsed} isChecked={isActive} onChecked={setActive} />
          {read?.callback_url && (
            <p>
              {words.callbackUrl} <code>{read.callback_url}</code>
            </p>
          )}
          {read && channel !== 'email' && (
            <Field name="/to" type="tel" label={words.testTo} value={to} onValue={setTo} />
          )}
          {failure && <Failure error={failure} />}
          <Buttons>
            <Button type="submit" disabled={saving.isPending}>
              {saving.isPending ? words.working : words.save}
            </Button>
            {read && (
              <>
                <Button look="quiet" disabled={testing.isPending} onClick={() => testing.mutate()}>
                  {testing.isPending ? words.working : words.test}
                </Button>
                <Button look="quiet" onClick={() => setLeaving(true)}>
                  {words.remove}
                </Button>
              </>
            )}
          </Buttons>
        </>
      )}
      <Confirm
        title={words.removeTitle(read?.provider ?? '')}
        lead={words.removeLead}
        act={words.remove}
        isOpen={isLeaving}
        isPending={removing.isPending}
        onAct={removing.mutate}
        onClose={() => setLeaving(false)}
      />
    </CardForm>
  )
}
