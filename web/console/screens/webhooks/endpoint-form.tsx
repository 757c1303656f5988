import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Problem } from '../../../../lib/client/index.ts'
import { type Endpoint, eventTypesQuery } from '../../api/webhooks.ts'
import { Button } from '../../parts/button.tsx'
import { CardForm } from '../../parts/card.tsx'
import { Check, Select, toggled } from '../../parts/choice.tsx'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/notice.tsx'
import { type Draft, headersIn } from './draft.ts'
import { words } from './words/words.ts'

interface Props {
  slug: string
  title: string
  act: string
  draft: Draft
  onDraft: (draft: Draft) => void
  /** The one that is changed. Some things are said once, when an endpoint is made. */
  endpoint?: Endpoint
  error: Error | null
  isPending: boolean
  isChanged?: boolean
  onSubmit: () => void
  children?: ReactNode
}

const fields = ['/url', '/description', '/secret', '/rate_limit_per_second', '/headers', '/event_types']

/** Where messages go, which ones, and what is sent along. */
export function EndpointForm({
  slug,
  title,
  act,
  draft,
  onDraft,
  endpoint,
  error,
  isPending,
  isChanged = true,
  onSubmit,
  children,
}: Props) {
  const [wrongLine, setWrongLine] = useState<string>()
  const set = (change: Partial<Draft>) => {
    setWrongLine(undefined)
    onDraft({ ...draft, ...change })
  }
  const isPush = draft.kind === 'push'
  const { errorAt, rest } = placed(error)
  const moreErrorAt = (pointer: string) =>
    pointer === '/headers' && wrongLine !== undefined ? words.wrongHeader(wrongLine) : errorAt(pointer)
  const wrongInMore = ['/headers', '/secret', '/rate_limit_per_second'].some(
    (pointer) => moreErrorAt(pointer) !== undefined,
  )

  const submit = () => {
    const { wrong } = headersIn(draft.headers)
    setWrongLine(wrong)
    if (wrong === undefined) onSubmit()
  }
  return (
    <CardForm title={title} isPending={isPending} onSubmit={submit}>
      {!endpoint && (
        <Select
          label={words.kind}
          options={[
            ['push', words.kinds.push],
            ['poll', words.kinds.poll],
          ]}
          value={draft.kind}
          onValue={(kind) => set({ kind })}
        />
      )}
      {isPush && (
        <Field
          name="/url"
          type="url"
          label={words.url}
          hint={words.urlHint}
          required
          maxLength={2048}
          value={draft.url}
          onValue={(url) => set({ url })}
          error={errorAt('/url')}
        />
      )}
      <Field
        name="/description"
        label={words.description}
        hint={words.descriptionHint}
        maxLength={500}
        value={draft.description}
        onValue={(description) => set({ description })}
        error={errorAt('/description')}
      />
      <EventTypes slug={slug} types={draft.types} onTypes={(types) => set({ types })} />
      {errorAt('/event_types') && <p role="alert">{errorAt('/event_types')}</p>}
      {(isPush || !endpoint) && (
        // What is wrong in it is seen at once.
        <details open={wrongInMore}>
          <summary>{words.more}</summary>
          <More draft={draft} set={set} endpoint={endpoint} errorAt={moreErrorAt} />
        </details>
      )}
      {rest && <Failure error={rest} />}
      {children}
      <Button type="submit" disabled={!isChanged || isPending || draft.types?.size === 0}>
        {isPending ? words.working : act}
      </Button>
    </CardForm>
  )
}

/** One field of this form stands for several of the API. */
function placed(error: Error | null) {
  const all = error instanceof Problem ? error.errors : []
  const fieldOf = (pointer: string) => {
    const field = `/${pointer.split('/')[1]}`
    return field === '/static_header' ? '/headers' : field
  }
  const isPlaced = all.length > 0 && all.every(({ pointer }) => fields.includes(fieldOf(pointer)))
  return {
    errorAt: (field: string) => {
      const found = all.filter(({ pointer }) => fieldOf(pointer) === field)
      return found.length === 0
        ? undefined
        : found
            .map(({ pointer, detail }) => (pointer === field ? detail : `${pointer.slice(1)}: ${detail}`))
            .join(' ')
    },
    rest: isPlaced ? null : error,
  }
}

function EventTypes({
  slug,
  types,
  onTypes,
}: {
  slug: string
  types: Draft['types']
  onTypes: (types: Draft['types']) => void
}) {
  const { data: known = [] } = useQuery(eventTypesQuery(slug))
  return (
    <fieldset>
      <legend>{words.whichTypes}</legend>
      <Check
        label={words.allTypes}
        isChecked={types === null}
        onChecked={(isAll) => onTypes(isAll ? null : new Set())}
      />
      {types !== null &&
        known.map(({ type, description }) => (
          <Check
            key={type}
            isChecked={types.has(type)}
            onChecked={(isIn) => onTypes(toggled(types, type, isIn))}
            label={
              <>
                <code>{type}</code> <span lang="en">{description}</span>
              </>
            }
          />
        ))}
    </fieldset>
  )
}

interface MoreProps {
  draft: Draft
  set: (change: Partial<Draft>) => void
  endpoint: Endpoint | undefined
  errorAt: (pointer: string) => string | undefined
}

/** What most endpoints do not need. */
function More({ draft, set, endpoint, errorAt }: MoreProps) {
  return (
    <>
      {!endpoint && (
        <>
          <Select
            label={words.scheme}
            options={[
              ['hmac', words.schemes.hmac],
              ['ed25519', words.schemes.ed25519],
            ]}
            value={draft.scheme}
            onValue={(scheme) => set({ scheme })}
          />
          <Field
            name="/secret"
            label={words.ownSecret}
            hint={words.ownSecretHint}
            maxLength={200}
            autoComplete="off"
            value={draft.secret}
            onValue={(secret) => set({ secret })}
            error={errorAt('/secret')}
          />
        </>
      )}
      {draft.kind === 'push' && (
        <>
          {endpoint && endpoint.header_names.length > 0 && (
            <fieldset>
              <legend>{words.keptHeaders}</legend>
              {endpoint.header_names.map((name) => (
                <Check
                  key={name}
                  label={name}
                  isChecked={!draft.removed.has(name)}
                  onChecked={(isKept) => set({ removed: toggled(draft.removed, name, !isKept) })}
                />
              ))}
            </fieldset>
          )}
          <Field
            name="/headers"
            label={words.headers}
            hint={words.headersHint}
            lines={3}
            spellCheck={false}
            value={draft.headers}
            onValue={(headers) => set({ headers })}
            error={errorAt('/headers')}
          />
          <Field
            name="/static_header/name"
            label={words.staticName}
            hint={words.staticHint}
            maxLength={100}
            value={draft.staticName}
            onValue={(staticName) => set({ staticName })}
          />
          <Field
            name="/static_header/value"
            label={words.staticValue}
            hint={endpoint?.static_header ? words.staticKept : undefined}
            maxLength={1024}
            autoComplete="off"
            value={draft.staticValue}
            onValue={(staticValue) => set({ staticValue })}
          />
          <Field
            name="/rate_limit_per_second"
            type="number"
            label={words.rate}
            hint={words.rateHint}
            min={1}
            max={10_000}
            value={draft.rate}
            onValue={(rate) => set({ rate })}
            error={errorAt('/rate_limit_per_second')}
          />
        </>
      )}
    </>
  )
}
