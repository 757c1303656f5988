import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Bot, type BotModelSettings, botQuery, removeBotModel, setBotModel } from '../../api/bots.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, Card, CardForm } from '../../parts/card.tsx'
import { Select } from '../../parts/choice.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Curl } from '../../parts/curl.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Facts } from '../../parts/facts.tsx'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { words } from './words/words.ts'

const providers = ['openai', 'openrouter', 'huggingface', 'custom'] as const

interface Typed {
  provider: BotModelSettings['provider']
  url: string
  model: string
}

const storedOf = ({ model }: Bot): Typed => ({
  provider: model?.provider ?? 'openai',
  // Of the others the server knows it.
  url: model?.provider === 'custom' ? model.base_url : '',
  model: model?.model ?? '',
})

interface Props {
  slug: string
  bot: Bot
  mayChange: boolean
}

/** The language model of one bot. */
export function BotModel({ slug, bot, mayChange }: Props) {
  if (mayChange) return <Own slug={slug} bot={bot} />
  const { model } = bot
  return (
    <Card title={words.modelTitle}>
      <p>{model ? words.ownModel(model.model) : words.noOwnModel}</p>
      {model && (
        <Facts
          of={[
            [words.provider, words.providers[model.provider]],
            [words.baseUrl, model.base_url],
          ]}
        />
      )}
    </Card>
  )
}

function Own({ slug, bot }: Omit<Props, 'mayChange'>) {
  const queries = useQueryClient()
  // Only what was typed. The rest is as it is stored, so the form stays when it was saved, and the focus with it.
  const [draft, setDraft] = useState<Partial<Typed>>({})
  const [key, setKey] = useState('')
  const [isLeaving, setLeaving] = useState(false)
  const stored = storedOf(bot)
  const { provider, url, model } = { ...stored, ...draft }
  const set = (change: Partial<Typed>) => setDraft((before) => ({ ...before, ...change }))
  const isSaved =
    bot.model !== null &&
    key === '' &&
    provider === stored.provider &&
    url.trim() === stored.url &&
    model.trim() === stored.model
  const body: BotModelSettings = {
    provider,
    ...(provider === 'custom' && { base_url: url.trim() }),
    model: model.trim(),
  }
  const { queryKey } = botQuery(slug, bot.ref_id)
  const saving = useMutation({
    mutationFn: (_sent: { draft: typeof draft; key: string }) =>
      setBotModel(slug, bot.ref_id, { ...body, ...(key && { api_key: key }) }),
    onSuccess: (saved, sent) => {
      // The secret goes first of all. What was typed meanwhile stays.
      setKey((now) => (now === sent.key ? '' : now))
      queries.setQueryData(queryKey, saved)
      setDraft((now) => (now === sent.draft ? {} : now))
    },
  })
  const removing = useMutation({
    mutationFn: () => removeBotModel(slug, bot.ref_id),
    onSettled: () => setLeaving(false),
    onSuccess: async () => {
      setDraft({})
      setKey('')
      saving.reset()
      await queries.invalidateQueries({ queryKey, exact: true })
    },
  })
  const errors = errorsOf(saving.error, ['/provider', '/base_url', '/model', '/api_key'])
  const failure = errors.rest ?? removing.error
  return (
    <CardForm
      title={words.modelTitle}
      isPending={saving.isPending}
      onSubmit={() => !isSaved && saving.mutate({ draft, key })}
    >
      <p role="status">{bot.model ? words.ownModel(bot.model.model) : words.noOwnModel}</p>
      <Select
        label={words.provider}
        options={providers.map((each) => [each, words.providers[each]] as const)}
        value={provider}
        onValue={(next) => set({ provider: next, url: next === stored.provider ? stored.url : '' })}
      />
      {provider === 'custom' && (
        <Field
          name="/base_url"
          type="url"
          label={words.baseUrl}
          hint={words.baseUrlHint}
          required
          maxLength={500}
          value={url}
          onValue={(next) => set({ url: next })}
          error={errors.at('/base_url')}
        />
      )}
      <Field
        name="/model"
        label={words.model}
        required
        maxLength={255}
        value={model}
        onValue={(next) => set({ model: next })}
        error={errors.at('/model')}
      />
      <Field
        name="/api_key"
        type="password"
        autoComplete="off"
        label={words.apiKey}
        hint={bot.model?.has_api_key ? words.keyStays : words.keyOnce}
        maxLength={4096}
        value={key}
        onValue={setKey}
        error={errors.at('/api_key')}
      />
      {failure && <Failure error={failure} />}
      <Buttons>
        <Button type="submit" isIdle={isSaved || saving.isPending}>
          {saving.isPending ? words.working : words.save}
        </Button>
        {bot.model && (
          <Button look="quiet" disabled={saving.isPending} onClick={() => setLeaving(true)}>
            {words.removeModel}
          </Button>
        )}
      </Buttons>
      {!isSaved && model.trim() !== '' && (
        <Curl
          method="PUT"
          path={`/bots/bots/${bot.ref_id}/model`}
          tenant={slug}
          // The key itself would stay in the history of a command line.
          body={{ ...body, ...(key && { api_key: '<API key>' }) }}
        />
      )}
      <Confirm
        title={words.removeModelTitle(bot.model?.model ?? '')}
        lead={words.removeModelLead}
        act={words.removeModel}
        isOpen={isLeaving}
        isPending={removing.isPending}
        onAct={removing.mutate}
        onClose={() => setLeaving(false)}
      />
    </CardForm>
  )
}
