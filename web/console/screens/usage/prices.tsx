import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { type ModelPrice, modelPricesQuery } from '../../api/calls.ts'
import { Filters, TextFilter } from '../../parts/filters.tsx'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { exactDollarsOf } from '../../parts/money.ts'
import { isRefused, Pending } from '../../parts/states.tsx'
import { dayOf } from '../../parts/when.tsx'
import { UsageScreen } from './frame.tsx'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/usage/prices')

/** By what calls of models and tools are priced. */
export function Prices() {
  return (
    <UsageScreen>
      {() => (
        <>
          <p>{words.pricesLead}</p>
          <Listed />
        </>
      )}
    </UsageScreen>
  )
}

function Listed() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const go = (change: { provider?: string | undefined; model?: string | undefined }) =>
    void navigate({ search: (before) => ({ ...before, ...change }) as typeof search, resetScroll: false })
  const prices = useInfiniteQuery(
    modelPricesQuery({
      ...(search.provider && { provider: search.provider.slice(0, 100) }),
      ...(search.model && { model: search.model.slice(0, 255) }),
    }),
  )
  return (
    <>
      <Filters>
        <TextFilter
          label={words.priceProvider}
          value={search.provider}
          onValue={(provider) => go({ provider })}
        />
        <TextFilter label={words.model} value={search.model} onValue={(model) => go({ model })} />
      </Filters>
      {!prices.data || isRefused(prices) ? (
        <Pending queries={[prices]} />
      ) : (
        <>
          {prices.data.pages[0]?.model_prices.length === 0 && <p>{words.noPrice}</p>}
          <List label={words.prices}>
            {prices.data.pages
              .flatMap((page) => page.model_prices)
              .map((price) => (
                <Row
                  key={price.ref_id}
                  label={`${price.provider} ${price.model}`}
                  main={
                    <>
                      <strong>{price.model === '*' ? words.everyOther : price.model}</strong>
                      <Quiet>
                        {price.kind === 'tool' && `${words.tool} `}
                        {price.provider === '*' ? words.everyProvider : price.provider} ·{' '}
                        {words.countsFrom(dayOf(price.effective_at))}
                      </Quiet>
                    </>
                  }
                >
                  <span>{sentenceOf(price)}</span>
                </Row>
              ))}
          </List>
          <More pages={prices} />
        </>
      )}
    </>
  )
}

function sentenceOf(price: ModelPrice): string {
  const { kind, input_micros, cached_input_micros, output_micros, call_micros } = price
  const perCall = words.perCall(exactDollarsOf(call_micros))
  if (kind === 'tool') return perCall
  const dollars = [input_micros, cached_input_micros, output_micros].map(exactDollarsOf)
  const perMillion = words.perMillion(dollars[0]!, dollars[1]!, dollars[2]!)
  return call_micros > 0 ? `${perMillion} ${perCall}` : perMillion
}
