import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import {
  type LlmProvider,
  type LlmProviderSettings,
  llmProviderQuery,
  removeLlmProvider,
  saveLlmProvider,
  testLlmProvider,
} from '../../api/llm-provider.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, Card, CardForm } from '../../parts/card.tsx'
import { Check, Select } from '../../parts/choice.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Curl } from '../../parts/curl.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Facts } from '../../parts/facts.tsx'
import { Field } from '../../parts/field.tsx'
import { Banner, Failure } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { momentOf } from '../../parts/when.tsx'
import { UsageScreen } from './frame.tsx'
import { words } from './words/words.ts'

const types = ['openai', 'anthropic'] as const

/** Which language model writes, and a model of one's own. */
export function ModelScreen() {
  return (
    <UsageScreen notManaged={words.modelByManagers}>
      {({ slug, tenant, mayManage }) =>
        tenant.permissions.includes('read_admin') && <Model key={slug} slug={slug} mayManage={mayManage} />
      }
    </UsageScreen>
  )
}

function Model({ slug, mayManage }: { slug: string; mayManage: boolean }) {
  const read = useQuery(llmProviderQuery(slug))
  if (!read.data || isRefused(read)) return <Pending queries={[read]} />
  const { llm_provider: own, in_use } = read.data
  return (
    <>
      {in_use === 'none' && <Banner>{words.noModel}</Banner>}
      <Card title={words.whoWrites}>
        <p role="status">{words.inUse[in_use]}</p>
        <p>{words.modelCost}</p>
        <p>{words.modelPays}</p>
        <p>
          <Link to="/t/$slug/usage/calls" params={{ slug }}>
            {words.llmCalls}
          </Link>{' '}
          ·{' '}
          <Link to="/t/$slug/usage/prices" params={{ slug }}>
            {words.prices}
          </Link>{' '}
          ·{' '}
          <Link to="/t/$slug/credits" params={{ slug }}>
            {words.rooms.credits}
          </Link>
        </p>
      </Card>
      {mayManage ? (
        <Own slug={slug} own={own} />
      ) : (
        own && (
          <Card title={words.yourModel}>
            <p>{stateOf(own)}</p>
            <Facts
              of={[
                [words.speaks, words.modelTypes[own.provider_type]],
                [words.baseUrl, own.base_url],
                [words.model, own.default_model],
              ]}
            />
          </Card>
        )
      )}
    </>
  )
}

type Own = LlmProvider | null

/** Whether it is asked, and why not. */
function stateOf(own: Own): string {
  if (!own) return words.noneOfYourOwn
  if (own.last_error) return words.testFailed(own.last_error)
  if (!own.verified_at) return words.unverified
  return own.is_active ? words.verified(momentOf(own.verified_at)) : words.notUsed
}

interface Typed {
  type: LlmProviderSettings['provider_type']
  url: string
  model: string
  isActive: boolean
}

const storedOf = (own: Own): Typed => ({
  type: own?.provider_type ?? 'openai',
  url: own?.base_url ?? '',
  model: own?.default_model ?? '',
  isActive: own?.is_active ?? true,
})

function Own({ slug, own }: { slug: string; own: Own }) {
  const queries = useQueryClient()
  // Only what was typed. The rest is as it is stored, so the form stays when it was saved, and the focus with it.
  const [draft, setDraft] = useState<Partial<Typed>>({})
  const { type, url, model, isActive } = { ...storedOf(own), ...draft }
  const [key, setKey] = useState('')
  const set = (change: Partial<Typed>) => setDraft({ ...draft, ...change })
  const [isLeaving, setLeaving] = useState(false)
  const body: LlmProviderSettings = {
    provider_type: type,
    ...(url.trim() && { base_url: url.trim() }),
    default_model: model.trim(),
    is_active: isActive,
  }
  const refresh = () => queries.invalidateQueries({ queryKey: llmProviderQuery(slug).queryKey })
  const saving = useMutation({
    mutationFn: (_sent: { draft: typeof draft; key: string }) =>
      saveLlmProvider(slug, { ...body, ...(key && { api_key: key }) }),
    onSuccess: async (_saved, sent) => {
      // What was typed goes when it is saved, the secret first of all. What was typed meanwhile stays.
      setKey((now) => (now === sent.key ? '' : now))
      await refresh()
      setDraft((now) => (now === sent.draft ? {} : now))
    },
  })
  const testing = useMutation({
    mutationFn: () => testLlmProvider(slug),
    // It is a call, and is paid as one.
    onSettled: () => queries.invalidateQueries({ queryKey: [slug] }),
  })
  const removing = useMutation({
    mutationFn: () => removeLlmProvider(slug),
    onSettled: () => setLeaving(false),
    onSuccess: async () => {
      setDraft({})
      setKey('')
      await refresh()
    },
  })
  const errors = errorsOf(saving.error, ['/provider_type', '/base_url', '/default_model', '/api_key'])
  const failure = errors.rest ?? testing.error ?? removing.error
  const isBusy = saving.isPending || testing.isPending
  const isSaved =
    own !== null &&
    key === '' &&
    type === own.provider_type &&
    url.trim() === own.base_url &&
    model.trim() === own.default_model &&
    isActive === own.is_active

  const save = () => {
    if (isSaved) return
    testing.reset()
    saving.mutate({ draft, key })
  }

  return (
    <CardForm title={words.yourModel} isPending={isBusy} onSubmit={save}>
      <p role="status">{stateOf(own)}</p>
      <Select
        label={words.speaks}
        options={types.map((each) => [each, words.modelTypes[each]] as const)}
        value={type}
        onValue={(next) => {
          // The address of the one is never that of the other.
          const isOther = own === null || url === own.base_url
          set({ type: next, ...(isOther && { url: next === own?.provider_type ? own.base_url : '' }) })
        }}
      />
      <Field
        name="/base_url"
        type="url"
        label={words.baseUrl}
        hint={words.baseUrlHint}
        maxLength={500}
        value={url}
        onValue={(next) => set({ url: next })}
        error={errors.at('/base_url')}
      />
      <Field
        name="/default_model"
        label={words.model}
        hint={words.modelHint}
        required
        maxLength={255}
        value={model}
        onValue={(next) => set({ model: next })}
        error={errors.at('/default_model')}
      />
      <Field
        name="/api_key"
        type="password"
        autoComplete="off"
        label={words.apiKey}
        hint={own?.has_api_key ? words.keyStays : words.keyOnce}
        maxLength={4096}
        value={key}
        onValue={setKey}
        error={errors.at('/api_key')}
      />
      <Check label={words.isUsed} isChecked={isActive} onChecked={(next) => set({ isActive: next })} />
      {failure && <Failure error={failure} />}
      <Buttons>
        <Button type="submit" isIdle={isSaved || isBusy}>
          {saving.isPending ? words.working : words.save}
        </Button>
        {own && (
          <>
            {/* What is tested is what was saved. */}
            <Button look="quiet" isIdle={!isSaved || isBusy} onClick={() => testing.mutate()}>
              {testing.isPending ? words.working : words.test}
            </Button>
            <Button look="quiet" disabled={isBusy} onClick={() => setLeaving(true)}>
              {words.remove}
            </Button>
          </>
        )}
      </Buttons>
      {own && <p>{words.testLead}</p>}
      {!isSaved && model.trim() !== '' && (
        <Curl
          method="PUT"
          path="/usage/llm-provider"
          tenant={slug}
          // The key itself would stay in the history of a command line.
          body={{ ...body, ...(key && { api_key: '<API key>' }) }}
        />
      )}
      <Confirm
        title={words.removeTitle(own?.default_model ?? '')}
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
