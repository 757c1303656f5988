import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { type LlmCall, llmCallsQuery, type ToolCall, toolCallsQuery } from '../../api/calls.ts'
import { Select } from '../../parts/choice.tsx'
import { Filters, MomentFilter, TextFilter } from '../../parts/filters.tsx'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { exactDollarsOf } from '../../parts/money.ts'
import { momentIn, oneOf } from '../../parts/search.ts'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Moment, numberOf } from '../../parts/when.tsx'
import { UsageScreen } from './frame.tsx'
import { words } from './words/words.ts'

const llmRoute = getRouteApi('/t/$slug/usage/calls')
const toolRoute = getRouteApi('/t/$slug/usage/tool-calls')
const statuses = ['ok', 'error', 'refused'] as const

/** Each call of a language model: what it took, and what it cost. */
export function LlmCalls() {
  return <UsageScreen>{({ slug }) => <OfModels key={slug} slug={slug} />}</UsageScreen>
}

/** Each call of a tool. */
export function ToolCalls() {
  return <UsageScreen>{({ slug }) => <OfTools key={slug} slug={slug} />}</UsageScreen>
}

interface Search {
  status?: string
  since?: string
  until?: string
}
type Change = { [Name in keyof Search | 'model' | 'tool']?: string | undefined }

/** What an address says, as far as it can be meant. */
function narrowedBy(search: Search) {
  const status = oneOf(statuses, search.status)
  const since = momentIn(search.since)
  const until = momentIn(search.until)
  return { ...(status && { status }), ...(since && { since }), ...(until && { until }) }
}

function OfModels({ slug }: { slug: string }) {
  const search = llmRoute.useSearch()
  const navigate = llmRoute.useNavigate()
  const go = (change: Change) =>
    void navigate({ search: (before) => ({ ...before, ...change }) as typeof search, resetScroll: false })
  const calls = useInfiniteQuery(
    llmCallsQuery(slug, {
      ...narrowedBy(search),
      // No model has a longer name, and the route would refuse one.
      ...(search.model && { model: search.model.slice(0, 255) }),
    }),
  )
  return (
    <>
      <p>{words.llmCallsLead}</p>
      <Filters>
        <TextFilter label={words.model} value={search.model} onValue={(model) => go({ model })} />
        <CommonFilters search={search} go={go} />
      </Filters>
      {!calls.data || isRefused(calls) ? (
        <Pending queries={[calls]} />
      ) : (
        <>
          {calls.data.pages[0]?.llm_calls.length === 0 && <p>{words.noCalls}</p>}
          <List label={words.llmCalls}>
            {calls.data.pages
              .flatMap((page) => page.llm_calls)
              .map((call) => (
                <OfModel key={call.ref_id} slug={slug} call={call} />
              ))}
          </List>
          <More pages={calls} />
        </>
      )}
    </>
  )
}

function OfModel({ slug, call }: { slug: string; call: LlmCall }) {
  const { model, provider, price, input_tokens, cached_tokens, output_tokens } = call
  return (
    <Row
      label={model}
      main={
        <>
          <strong>{model}</strong>
          <span>
            {words.tokens(numberOf(input_tokens), numberOf(output_tokens))}
            {cached_tokens > 0 && ` ${words.cached(numberOf(cached_tokens))}`}
          </span>
          <Outcome of={call} />
          <Quiet>
            {provider} · <Moment at={call.started_at} />
            <MadeBy of={call} />
            {call.is_late && ` · ${words.isLate}`}
          </Quiet>
        </>
      }
    >
      <span>{call.cost_micros === null ? words.unpricedCall : exactDollarsOf(call.cost_micros)}</span>
      <Quiet>
        {call.cost_micros === null && `${words.counted(exactDollarsOf(call.counted_micros))} `}
        <Link to="/t/$slug/usage/prices" params={{ slug }} search={{ provider, model }}>
          {words.pricedAt(exactDollarsOf(price.input_micros), exactDollarsOf(price.output_micros))}
        </Link>
      </Quiet>
    </Row>
  )
}

function OfTools({ slug }: { slug: string }) {
  const search = toolRoute.useSearch()
  const navigate = toolRoute.useNavigate()
  const go = (change: Change) =>
    void navigate({ search: (before) => ({ ...before, ...change }) as typeof search, resetScroll: false })
  const calls = useInfiniteQuery(
    toolCallsQuery(slug, { ...narrowedBy(search), ...(search.tool && { tool: search.tool }) }),
  )
  return (
    <>
      <p>{words.toolCallsLead}</p>
      <Filters>
        <TextFilter label={words.tool} value={search.tool} onValue={(tool) => go({ tool })} />
        <CommonFilters search={search} go={go} />
      </Filters>
      {!calls.data || isRefused(calls) ? (
        <Pending queries={[calls]} />
      ) : (
        <>
          {calls.data.pages[0]?.tool_calls.length === 0 && <p>{words.noCalls}</p>}
          <List label={words.toolCalls}>
            {calls.data.pages
              .flatMap((page) => page.tool_calls)
              .map((call) => (
                <Row
                  key={call.ref_id}
                  label={`${call.tool} ${call.method}`}
                  main={
                    <>
                      <strong>{call.tool}</strong>
                      <span>{call.method}</span>
                      <Outcome of={call} />
                      <Quiet>
                        <Moment at={call.created_at} />
                        <MadeBy of={call} />
                      </Quiet>
                    </>
                  }
                >
                  {/* What nobody has priced is of the tenant's own, and costs nothing here. */}
                  {call.cost_micros !== null && <span>{exactDollarsOf(call.cost_micros)}</span>}
                </Row>
              ))}
          </List>
          <More pages={calls} />
        </>
      )}
    </>
  )
}

function CommonFilters({ search, go }: { search: Search; go: (change: Change) => void }) {
  return (
    <>
      <Select
        label={words.outcome}
        value={oneOf(statuses, search.status) ?? ''}
        options={[['', words.anyOutcome], ...statuses.map((each) => [each, words.outcomes[each]] as const)]}
        onValue={(status) => go({ status: status || undefined })}
      />
      <MomentFilter label={words.since} value={momentIn(search.since)} onValue={(since) => go({ since })} />
      <MomentFilter label={words.until} value={momentIn(search.until)} onValue={(until) => go({ until })} />
    </>
  )
}

/** Said of a call that did not go well. */
function Outcome({ of: { status, error_code } }: { of: LlmCall | ToolCall }) {
  if (status === 'ok') return null
  return (
    <span>
      {words.outcomes[status]} {error_code && <code>{error_code}</code>}
    </span>
  )
}

/** By what it was made, and how long it took. */
function MadeBy({ of: { agent, skill, duration_ms } }: { of: LlmCall | ToolCall }) {
  const seconds = duration_ms === null ? null : words.seconds(numberOf(duration_ms / 1_000))
  return [agent, skill, seconds].filter((each) => each !== null).map((each) => ` · ${each}`)
}
