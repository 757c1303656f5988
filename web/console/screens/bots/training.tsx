import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { drafts, type TrainingRow, trainingQuery } from '../../api/bot-training.ts'
import { Button } from '../../parts/button.tsx'
import { Select } from '../../parts/choice.tsx'
import { Filters, TextFilter } from '../../parts/filters.tsx'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { numberOf } from '../../parts/when.tsx'
import { AnswerDraft } from './answer-draft.tsx'
import { SaveAsCsv, TrainingImport } from './csv.tsx'
import { BotScreen } from './frame.tsx'
import { NewRow } from './new-row.tsx'
import { shownParts, trainingFilters } from './search.ts'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/bots/$bot/training')

interface Props {
  slug: string
  bot: string
  mayChange: boolean
}

/** What a bot knows. */
export function Training() {
  return (
    <BotScreen managedBy="write" notManaged={words.trainingByWriters}>
      {({ slug, bot, tenant, mayChange }) => (
        <>
          {mayChange && <Waiting slug={slug} bot={bot.ref_id} />}
          <Narrowed />
          <Listed slug={slug} bot={bot.ref_id} mayChange={mayChange} />
          {mayChange && <Adding slug={slug} bot={bot.ref_id} locale={tenant.locale.slice(0, 2)} />}
        </>
      )}
    </BotScreen>
  )
}

/** How many questions nobody has answered yet, and the way to them. */
function Waiting({ slug, bot }: Omit<Props, 'mayChange'>) {
  const { show } = route.useSearch()
  const { data } = useInfiniteQuery(trainingQuery(slug, bot, drafts))
  const count = data?.pages.reduce((sum, page) => sum + page.training_data.length, 0) ?? 0
  if (count === 0 || show === 'drafts') return null
  return (
    <p>
      {words.waiting(numberOf(count), data?.pages.at(-1)?.next_cursor != null)}{' '}
      <Link to="/t/$slug/bots/$bot/training" params={{ slug, bot }} search={{ show: 'drafts' }}>
        {words.showWaiting}
      </Link>
    </p>
  )
}

function Narrowed() {
  const chosen = route.useSearch()
  const navigate = route.useNavigate()
  const go = (change: { [Name in keyof typeof chosen]?: string | undefined }) =>
    void navigate({ search: (before) => ({ ...before, ...change }) as typeof chosen, resetScroll: false })
  return (
    <Filters>
      <TextFilter label={words.search} value={chosen.search} onValue={(search) => go({ search })} />
      <TextFilter label={words.category} value={chosen.category} onValue={(category) => go({ category })} />
      <Select
        label={words.shown}
        value={chosen.show ?? 'all'}
        options={shownParts.map((each) => [each, words.show[each]] as const)}
        onValue={(show) => go({ show: show === 'all' ? undefined : show })}
      />
    </Filters>
  )
}

function Listed({ slug, bot, mayChange }: Props) {
  const filters = trainingFilters(route.useSearch())
  const rows = useInfiniteQuery(trainingQuery(slug, bot, filters))
  if (!rows.data || isRefused(rows)) return <Pending queries={[rows]} />
  const listed = rows.data.pages.flatMap((page) => page.training_data)
  return (
    <>
      {listed.length > 0 && <SaveAsCsv slug={slug} bot={bot} filters={filters} />}
      {listed.length === 0 && <p>{words.noRows}</p>}
      <List label={words.parts.training}>
        {listed.map((row) => (
          <Row
            key={row.ref_id}
            label={row.question}
            main={
              <>
                <Link to="/t/$slug/bots/$bot/training/$row" params={{ slug, bot, row: row.ref_id }}>
                  {row.question}
                </Link>
                {row.answer && <span>{row.answer}</span>}
                <Quiet>{aboutOf(row).join(' · ')}</Quiet>
              </>
            }
          >
            <span>{stateOf(row)}</span>
            {mayChange && row.answer === null && <AnswerDraft slug={slug} bot={bot} row={row} />}
          </Row>
        ))}
      </List>
      <More pages={rows} />
    </>
  )
}

const languages = new Intl.DisplayNames([words.language], { type: 'language' })

const aboutOf = ({ data_type, category, locale }: TrainingRow) => [
  words.kinds[data_type],
  ...(category ? [category] : []),
  locale === null ? words.anyLanguage : (languages.of(locale) ?? locale),
]

function stateOf({ answer, is_active }: TrainingRow): string {
  if (answer === null) return words.waits
  return is_active ? words.isActive : words.isInactive
}

/** Most who look add nothing. */
function Adding({ slug, bot, locale }: { slug: string; bot: string; locale: string }) {
  const [isAdding, setAdding] = useState(false)
  return (
    <>
      <p>
        <Button look="quiet" aria-expanded={isAdding} onClick={() => setAdding(!isAdding)}>
          {words.addRow}
        </Button>
      </p>
      {isAdding && <NewRow slug={slug} bot={bot} locale={locale} />}
      <TrainingImport slug={slug} bot={bot} />
    </>
  )
}
